package dev.likeness.planted.headshots;

/** A facade. */
public final class PlantedStudio {}
