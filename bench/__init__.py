"""wixproxy beside what people use today: the same requests, in the same run, on one machine."""
