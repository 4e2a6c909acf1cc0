package dev.likeness.planted.studio;

import dev.likeness.planted.hub.PlantedDownload;

/** The studio downloads nothing by itself. */
public final class KnowsHubToo {
  PlantedDownload download;
}
