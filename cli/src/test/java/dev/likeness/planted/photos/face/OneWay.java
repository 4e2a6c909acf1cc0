package dev.likeness.planted.photos.face;

import dev.likeness.planted.photos.quality.OtherWay;

/** One half of a cycle. */
public final class OneWay {
  OtherWay other;
}
