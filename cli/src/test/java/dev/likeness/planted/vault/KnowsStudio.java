package dev.likeness.planted.vault;

import dev.likeness.planted.studio.KnowsHubToo;

/** Only the command knows the studio. */
public final class KnowsStudio {
  KnowsHubToo studio;
}
