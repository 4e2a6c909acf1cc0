package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.Place;
import java.util.List;

/**
 * A text encoder of the class that projects, whose projection changes nothing, whatever the file
 * holds.
 */
record Unprojected(KeyMapping layout) implements KeyMapping {
  private static final String WIDE = "text_model.final_layer_norm.weight";

  @Override
  public Place place(String canonical) {
    return canonical.equals(ClipKeyFormat.PROJECTION)
        ? Place.whole(layout.place(WIDE).name(), Place.Form.IDENTITY)
        : layout.place(canonical);
  }

  @Override
  public List<String> canonical(String foreign) {
    List<String> names = layout.canonical(foreign);
    return names.contains(ClipKeyFormat.PROJECTION)
        ? List.of()
        : names.contains(WIDE) ? List.of(WIDE, ClipKeyFormat.PROJECTION) : names;
  }
}
