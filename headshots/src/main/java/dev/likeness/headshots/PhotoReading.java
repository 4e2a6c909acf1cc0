package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.headshots.reading.PhotoReader;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a base's own reader says of one photo: for each slot how likely each of its words is.
 *
 * @param slots the words of each slot
 * @param likely of each of them, 0 to 1
 */
record PhotoReading(Map<String, List<String>> slots, Map<String, float[]> likely) {
  /**
   * A word and how likely it is.
   *
   * @param share 0 to 1
   */
  record Word(String text, double share) { }

  /** Of each of {@code crops}; empty where the base brings no reader. */
  static List<PhotoReading> of(BaseModel base, List<Picture> crops) {
    try (PhotoReader reader = base.folder().flatMap(PhotoReader::in).orElse(null)) {
      return reader == null ? List.of()
          : crops.stream().map(crop -> new PhotoReading(reader.slots(), reader.read(crop))).toList();
    }
  }

  /** The likeliest word of a slot over photos of the same person; empty where the reader has no such slot. */
  static Optional<Word> best(List<PhotoReading> photos, String slot) {
    List<String> words = photos.get(0).slots.getOrDefault(slot, List.of());
    Word best = null;
    for (int i = 0; i < words.size(); i++) {
      int word = i;
      double share = photos.stream().mapToDouble(photo -> photo.likely.get(slot)[word]).average().orElseThrow();
      best = best == null || share > best.share ? new Word(words.get(i), share) : best;
    }
    return Optional.ofNullable(best);
  }

  /** The profile that photos of the same person give, beyond what is {@code known}. */
  static PersonProfile profile(List<PhotoReading> photos, PersonProfile known) {
    PersonProfile profile = known;
    for (PersonWords.Slot slot : PersonWords.slots()) {
      Optional<Word> best = best(photos, slot.name());
      if (best.isPresent() && profile.trait(slot.name()).isEmpty() && profile.words(0).admits(slot)) {
        profile = profile.with(new Trait(slot.name(), best.get().text, Math.min(1, best.get().share), Trait.Source.PHOTOS));
      }
    }
    return profile;
  }

  /** What this photo shows beside the person, as far as at least so sure; a colour is said of the likeliest garment. */
  SceneWords scene(double sure) {
    SceneWords words = SceneWords.NONE;
    for (String slot : List.of("outfit colour", "backdrop colour", "light", "backdrop", "outfit")) {
      Optional<Word> best = best(List.of(this), slot);
      boolean needed = slot.equals("outfit") && !words.word("outfit colour").isEmpty();
      if (best.isPresent() && (best.get().share >= sure || needed)) {
        words = words.with(slot, best.get().text);
      }
    }
    return words;
  }
}
