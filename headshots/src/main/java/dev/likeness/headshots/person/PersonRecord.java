package dev.likeness.headshots.person;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.AcceptedPhoto;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is kept of the photos in a person's file, so that headshots can be compared with them when
 * the photos are gone.
 *
 * @param traits of each photo
 */
public record PersonRecord(List<FaceTraits> traits) {
  public static final String NOTE = "likeness.measures";

  public static PersonRecord of(List<AcceptedPhoto> photos) {
    return new PersonRecord(photos.stream()
        .map(photo -> FaceTraits.of(photo.picture(), photo.face()))
        .toList());
  }

  /** What a person's file keeps among its {@code notes}; empty for files of other programs. */
  static Optional<PersonRecord> of(Map<String, String> notes) {
    String json = notes.getOrDefault(NOTE, "");
    try {
      return json.isEmpty()
          ? Optional.empty()
          : Optional.of(new PersonRecord(JSON.std.listFrom(json).stream()
              .map(n -> FaceTraits.of((List<?>) n))
              .toList()));
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          "the measures in the person's file cannot be read; learn the person again", e);
    }
  }

  /** The same person with these in their file. */
  public TrainedPerson in(TrainedPerson person) {
    return person.with(NOTE, toJson());
  }

  public String toJson() {
    try {
      return JSON.std.asString(traits.stream().map(FaceTraits::toList).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
