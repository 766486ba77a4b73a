"""Pages and where the script tag goes in them, for the law and for a browser that judges it."""

from __future__ import annotations

# "|" stands where the tag goes.
PLACES = {
    "a plain head": b"<!doctype html><html><head>|<title>x</title>",
    "the start of the page": b"<head>|",
    "capital letters": b"<HTML><HeAd>|<META>",
    "attributes": b"<html lang=en><head data-a=\"1\" data-b='2' c>|<meta>",
    "a quoted bracket": b'<html a="><head>"><head b=">" c=\'>\'>|<meta>',
    "a quote inside a word": b"<html a=b\"c><head d'e>|<meta>",
    "an equals sign first": b'<html ="x><head>|">',
    "an unquoted value with an equals sign": b'<html a=b="c><head>|">',
    "a value that ends at once": b"<html a=><head b = >|",
    "a slash at the end": b"<html/><head/>|<meta>",
    "a slash in the middle": b'<html /a="x"/><head/b>|',
    "white space of all kinds": b"\n<html\t\n>\r\n<head\n\f\ta\r=\n'>'\n>|",
    "text before it": b"\xef\xbb\xbf Warning: 1 < 2 <3 <- < >\n<head>|",
    "a comment with a head": b"<!-- <head> --><head>|",
    "a comment with dashes": b"<!--- a -- b - <head> ---><head>|",
    "a comment that ends at once": b"<!--><head>|<!-- -->",
    "a comment that ends after a dash": b"<!---><head>|<!-- -->",
    "a comment that ends with a bang": b"<!-- <head> --!><head>|",
    "a bang that ends no comment": b"<!-- --!x <head> --!- <head> --><head>|",
    "a declaration with one dash": b"<!-x <head><head>|",
    "text before it, the rest of a doctype with a bracket": b'<!DOCTYPE html PUBLIC "-//>"><head>|',
    "an instruction of XML": b'<?xml version="1.0"?><html><head>|',
    "other encodings": "<html title='é—中'><head>|<title>中".encode("gb18030"),
    "only the first": b"<head>|</head><body><head><!-- <head> --></body>",
}

NO_PLACE = {
    "nothing": b"",
    "text alone": b"hello",
    "a header": b"<html><header>hello</header>",
    "a heading": b"<html><headx><head-er>",
    "no end of the head": b"<html><head data-x='>",
    "a comment without an end": b"<!-- <head> <meta>",
    "a body first": b"<html><body><head></head>",
    "an element of the head first": b"<title><head></title><head>",
    "a script first": b"<html><script>'<head>'</script><head>",
    "an end tag first": b"</br><head>",
    "UTF-16": "\ufeff<html><head>".encode("utf-16-le"),
    "UTF-16 with the other end first": "\ufeff<html><head>".encode("utf-16-be"),
    "UTF-16 without a mark": "<html><head>".encode("utf-16-le"),
}

# What pages are made of where it matters.
FRAGMENTS = [
    *(bytes([byte]) for byte in b"<>/=\"'-! \n?ahH"),
    *(b"<head", b"<html ", b"<!--", b"-->", b"<head>", b"<!doctype ", b"<title>", b"</html>"),
]
