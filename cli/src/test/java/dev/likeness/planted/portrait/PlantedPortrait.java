package dev.likeness.planted.portrait;

/** The embedded model. */
public final class PlantedPortrait {}
