package dev.likeness.vault;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * The categories of data that a {@link SubjectStore} keeps of a subject (one person). Each category
 * has a separate key and separate retention limits.
 */
public enum DataCategory {
  /** Selfies and crops of them. */
  PHOTOS("photos"),
  /** Intermediate files of training: latents, prompt embeddings, checkpoints, previews. */
  TRAINING_STATES("work"),
  /** The person's identity: the consent, the person file, embeddings, reference images. */
  PERSON("person"),
  /** Headshots and their records. */
  IMAGES("images");

  private final String label;

  DataCategory(String label) {
    this.label = label;
  }

  /** {@return the name of the category on disk, in retention policies and in receipts} */
  public String label() {
    return label;
  }

  /** Returns the label in stores and receipts of version 0.1.0. */
  String formerLabel() {
    return FormerLabels.LABELS.getProperty(label, label);
  }

  /** Returns all labels that the category has or had, without repetition. */
  List<String> labels() {
    return Stream.of(label, formerLabel()).distinct().toList();
  }

  private static final class FormerLabels {
    static final Properties LABELS = read();

    private FormerLabels() {}

    private static Properties read() {
      try (InputStream in = DataCategory.class.getResourceAsStream("former-labels.properties")) {
        Properties labels = new Properties();
        labels.load(in);
        return labels;
      } catch (IOException e) {
        throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
      }
    }
  }
}
