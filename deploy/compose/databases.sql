-- Run once by the image of PostgreSQL: the ledger and the orchestrator never share a database.
CREATE DATABASE citysync;
CREATE DATABASE prefect;
