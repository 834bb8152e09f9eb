"""Every fault the simulator can show, judged by one oracle."""
