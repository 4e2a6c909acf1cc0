package dev.likeness.diffusion.layout;

import java.util.List;

/** A text encoder of transformers inside a single file: its own names, or those of merges that lost a module. */
final class ClipLayout implements KeyLayout {
  private static final String MODULE = "text_model.";
  private final boolean named;

  /** {@code named} says whether the file has {@code text_model.} in its names. */
  ClipLayout(boolean named) {
    this.named = named;
  }

  @Override
  public Place place(String canonical) {
    return Place.whole(named || !canonical.startsWith(MODULE) ? canonical : canonical.substring(MODULE.length()));
  }

  @Override
  public List<String> canonical(String foreign) {
    if (foreign.endsWith("position_ids")) {
      return List.of();
    }
    return List.of(named || foreign.startsWith("text_projection.") ? foreign : MODULE + foreign);
  }
}
