package dev.likeness.planted.headshots.report;

import dev.likeness.planted.headshots.PlantedStudio;

/** A report that uses the facade of its module. */
public final class UsesRootOfHeadshots {
  PlantedStudio studio;
}
