package dev.likeness.ipadapter;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.ipadapter.reference.Reference;
import java.util.ArrayList;
import java.util.List;

/**
 * A person read from photos, and what was done about each.
 *
 * @param prompt the person
 * @param readings one for each photo, in order
 * @param plain whether no face could be used and the plain adapter looks at the photos instead
 */
public record ReadPerson(ImagePrompt prompt, List<FaceReading> readings, boolean plain) {
  public ReadPerson {
    readings = List.copyOf(readings);
  }

  /**
   * Shows the faces of photos to an adapter that looks at faces; photos without a usable one are
   * left out.
   *
   * @param photos whole, each with the weight that its face counts with
   * @param fallback an adapter that looks at pictures, for when no photo has a usable face, or null
   * @throws InvalidInputException when no photo has one and there is no fallback; says why, photo
   *     by photo
   */
  public static ReadPerson of(
      IpAdapter adapter, FaceReader reader, List<Reference> photos, IpAdapter fallback) {
    boolean raw = adapter.layout().kind().wantsRaw();
    FaceReader fitting = reader.side(adapter.layout().faceSide());
    List<FaceReading> readings =
        photos.stream().map(photo -> fitting.read(photo.picture(), raw)).toList();
    List<Reference> found = new ArrayList<>();
    for (int i = 0; i < readings.size(); i++) {
      double weight = photos.get(i).weight();
      readings.get(i).found().ifPresent(face -> found.add(face.weight(weight)));
    }
    if (!found.isEmpty()) {
      return new ReadPerson(adapter.identity(found), readings, false);
    }
    if (fallback == null) {
      throw new InvalidInputException("no photo has a face that can be used: " + reasons(readings)
          + "; give photos with a face at "
          + "least 64 pixels wide, or an adapter that looks at pictures, such as Plus Face");
    }
    return new ReadPerson(fallback.identity(photos), readings, true);
  }

  private static String reasons(List<FaceReading> readings) {
    List<String> reasons = new ArrayList<>();
    for (int i = 0; i < readings.size(); i++) {
      reasons.add("photo " + (i + 1) + ": " + readings.get(i).words());
    }
    return reasons.isEmpty() ? "none was given" : String.join(", ", reasons);
  }
}
