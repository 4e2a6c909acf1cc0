package dev.likeness.studio.internal.work;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What shows a person in headshots, in the words of the option {@code --identity}. */
enum ShownBy {
  LORA,
  REFERENCES,
  LORA_AND_REFERENCES,
  IPADAPTER,
  BOTH;

  /** Returns the word in the API and in stored plans. */
  String word() {
    return name().toLowerCase(Locale.ROOT).replace("_and_", "+");
  }

  static Optional<ShownBy> of(Object word) {
    return Stream.of(values()).filter(one -> one.word().equals(word)).findFirst();
  }

  boolean hasLora() {
    return this == LORA || this == LORA_AND_REFERENCES || this == BOTH;
  }

  boolean hasAdapter() {
    return this == IPADAPTER || this == BOTH;
  }
}
