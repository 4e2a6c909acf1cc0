package dev.likeness.planted.provenance;

/** What headshots must not know. */
public final class PlantedSeal {}
