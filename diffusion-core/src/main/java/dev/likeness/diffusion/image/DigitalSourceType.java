package dev.likeness.diffusion.image;

import java.util.Arrays;
import java.util.Optional;

/** Where an image comes from, in IPTC's words (NewsCodes, digital source type). */
public enum DigitalSourceType {
  /** Drawn by a trained model. */
  TRAINED_ALGORITHMIC_MEDIA("trainedAlgorithmicMedia"),
  /** Photographs together with, or edited by, what a trained model drew. */
  COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA("compositeWithTrainedAlgorithmicMedia");

  private static final String VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/";

  private final String term;

  DigitalSourceType(String word) {
    this.term = word;
  }

  /** Its address, which is what files carry. */
  public String uri() {
    return VOCABULARY + term;
  }

  /** The source type of this address; empty for those that no model took part in. */
  public static Optional<DigitalSourceType> of(String uri) {
    return Arrays.stream(values()).filter(type -> type.uri().equals(uri)).findFirst();
  }
}
