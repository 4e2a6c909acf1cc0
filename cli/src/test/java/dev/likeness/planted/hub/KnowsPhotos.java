package dev.likeness.planted.hub;

import dev.likeness.planted.photos.Trapped;

/** A download that knows photos. */
public final class KnowsPhotos {
  Trapped photos;
}
