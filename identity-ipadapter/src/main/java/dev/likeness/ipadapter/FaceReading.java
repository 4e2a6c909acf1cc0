package dev.likeness.ipadapter;

import dev.likeness.ipadapter.reference.Reference;
import java.util.List;
import java.util.Optional;

/**
 * What came of looking for a face in a photo.
 *
 * @param reference the face, or null when there is none that can be used
 * @param notes what was done, and what makes it less sure
 */
public record FaceReading(Reference reference, List<Note> notes) {
  /** What can be said of a photo. */
  public enum Note {
    NO_FACE("no face was found, however it was turned"),
    TOO_SMALL("the face is less than 16 pixels wide"),
    SMALL("the face is less than 64 pixels wide, so it is known only roughly"),
    FAR_TURNED("the head is turned far to the side, so it is known only roughly"),
    LARGEST_OF_SEVERAL("of several faces the largest was taken"),
    TURNED_UPRIGHT("it was turned upright to find the face"),
    FOUND_WITH_MARGIN("the face fills the photo and was found after adding a margin");

    private final String words;

    Note(String words) {
      this.words = words;
    }

    /** A sentence without its subject. */
    public String words() {
      return words;
    }
  }

  public FaceReading {
    notes = List.copyOf(notes);
  }

  static FaceReading none(Note why) {
    return new FaceReading(null, List.of(why));
  }

  /** The face, if there is one that can be used. */
  public Optional<Reference> found() {
    return Optional.ofNullable(reference);
  }

  /** All that is said of the photo, in one line; empty when it is simply good. */
  public String words() {
    return String.join("; ", notes.stream().map(Note::words).toList());
  }
}
