"""What the law's clocks say: rule packs as data, dates as pure functions, reasons in words."""
