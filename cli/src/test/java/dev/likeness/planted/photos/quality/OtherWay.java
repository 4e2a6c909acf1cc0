package dev.likeness.planted.photos.quality;

import dev.likeness.planted.photos.face.OneWay;

/** The other half of a cycle. */
public final class OtherWay {
  OneWay one;
}
