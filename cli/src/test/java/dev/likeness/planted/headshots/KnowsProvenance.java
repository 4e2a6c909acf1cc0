package dev.likeness.planted.headshots;

import dev.likeness.planted.provenance.PlantedSeal;

/** A studio that seals by itself. */
public final class KnowsProvenance {
  PlantedSeal seal;
}
