package dev.likeness.planted.photos.internal;

/** What users do not see. */
public final class PlantedFeatures {}
