"""Where rows come from: patterns, compressed files and remote stores, each as files of this machine."""
