# cargo ÿ
