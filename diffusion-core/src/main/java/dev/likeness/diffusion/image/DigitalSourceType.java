package dev.likeness.diffusion.image;

import java.util.Arrays;
import java.util.Optional;

/** The origin of an image, as a term of IPTC's vocabulary of digital source types (NewsCodes). */
public enum DigitalSourceType {
  /** An image that a trained model generated. */
  TRAINED_ALGORITHMIC_MEDIA("trainedAlgorithmicMedia"),
  /** A photo that a trained model edited or that contains generated parts. */
  COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA("compositeWithTrainedAlgorithmicMedia");

  private static final String VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/";

  private final String term;

  DigitalSourceType(String term) {
    this.term = term;
  }

  /** {@return the URI of the source type, which is written to image files} */
  public String uri() {
    return VOCABULARY + term;
  }

  /**
   * {@return the source type with the given URI; empty if no source type has this URI}
   *
   * @param uri a URI of IPTC's vocabulary
   */
  public static Optional<DigitalSourceType> of(String uri) {
    return Arrays.stream(values()).filter(type -> type.uri().equals(uri)).findFirst();
  }
}
