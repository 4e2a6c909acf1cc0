package dev.likeness.diffusion.internal.file;

import java.util.List;

/** A layout whose foreign names begin with a prefix. */
record PrefixedLayout(KeyMapping layout, String prefix) implements KeyMapping {
  @Override
  public Place place(String canonical) {
    Place place = layout.place(canonical);
    return place == null
        ? null
        : new Place(prefix + place.name(), place.part(), place.span(), place.parts(), place.form());
  }

  @Override
  public List<String> canonical(String foreign) {
    return foreign.startsWith(prefix)
        ? layout.canonical(foreign.substring(prefix.length()))
        : List.of();
  }
}
