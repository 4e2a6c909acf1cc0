package dev.likeness.planted.photos;

/** A name that stands twice. */
public final class Twice {}
