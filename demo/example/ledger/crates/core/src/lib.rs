pub fn balance() {}
