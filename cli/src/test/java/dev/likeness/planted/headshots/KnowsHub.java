package dev.likeness.planted.headshots;

import dev.likeness.planted.hub.PlantedDownload;

/** A studio that downloads by itself. */
public final class KnowsHub {
  PlantedDownload download;
}
