package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.Place;
import java.util.List;

/**
 * T5's encoder as transformers names it, inside a single file; its embedding may stand under its
 * second name alone.
 */
public final class T5Layout implements KeyMapping {
  static final String EMBEDDING = "shared.weight";
  static final String TIED = "encoder.embed_tokens.weight";

  private final boolean tiedAlone;

  /**
   * {@code tiedAlone} tells that the embedding is called {@code encoder.embed_tokens.weight} only.
   */
  T5Layout(boolean tiedAlone) {
    this.tiedAlone = tiedAlone;
  }

  @Override
  public Place place(String canonical) {
    if (canonical.equals(EMBEDDING)) {
      return Place.whole(tiedAlone ? TIED : EMBEDDING);
    }
    return canonical.startsWith("encoder.") && !canonical.equals(TIED)
        ? Place.whole(canonical)
        : null;
  }

  @Override
  public List<String> canonical(String foreign) {
    if (foreign.equals(TIED)) {
      return tiedAlone ? List.of(EMBEDDING) : List.of();
    }
    return foreign.equals(EMBEDDING) || foreign.startsWith("encoder.")
        ? List.of(foreign)
        : List.of();
  }
}
