package dev.likeness.ipadapter;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.face.UprightPhoto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Turns photos into references for face adapters (FaceID and Portrait). It reads the largest face,
 * also in a rotated photo. If no face can be used, it searches again in copies of the photo with
 * added margins. Thread-safe; the caller closes detector and embedder.
 */
public final class FaceReader {
  private static final int DEFAULT_SIDE = 224;
  // The detector works at a lower resolution, and the widest margin makes the image nine times as
  // large.
  private static final int MAX_SIDE_BEFORE_MARGIN = 1024;
  private static final double[] MARGINS = {0.25, 0.5, 1};
  private static final double SMALL_FACE = 64;
  private static final double MIN_FACE = 16;
  private static final double MAX_YAW = 40;

  private final FaceDetector detector;
  private final FaceEmbedder embedder;
  private final int withSide;

  private FaceReader(FaceDetector detector, FaceEmbedder embedder, int withSide) {
    this.detector = detector;
    this.embedder = embedder;
    this.withSide = withSide;
  }

  /**
   * Returns a reader. The embedder's licence is not checked.
   *
   * @param detector finds faces; the caller closes it
   * @param embedder encodes faces; the caller closes it
   * @return the reader
   */
  public static FaceReader of(FaceDetector detector, FaceEmbedder embedder) {
    return new FaceReader(detector, embedder, DEFAULT_SIDE);
  }

  /**
   * Returns a reader after checking that the embedder's licence allows the intended use.
   *
   * @param detector finds faces; the caller closes it
   * @param embedder encodes faces; the caller closes it
   * @param policy the intended use
   * @return the reader
   * @throws InvalidInputException if {@code policy} forbids the embedder
   */
  public static FaceReader of(FaceDetector detector, OnnxEmbedder embedder, UsePolicy policy) {
    policy.requireForAdapter(embedder.spec());
    return of(detector, embedder);
  }

  /**
   * Returns a copy of this reader that aligns faces to the given size.
   *
   * @param pixels side of the aligned face in pixels, at least 1. The default is 224; adapters for
   *     SDXL expect 256
   * @return a changed copy
   */
  public FaceReader withSide(int pixels) {
    return new FaceReader(detector, embedder, pixels);
  }

  /**
   * Reads the largest face of a photo.
   *
   * @param photo a photo of any size
   * @param raw true for an embedding that is not scaled to unit length; the unnormalised Portrait
   *     adapter needs such an embedding
   * @return the reading; if no face can be used, its {@code face} is empty and its notes state the
   *     reason
   * @throws InvalidInputException if {@code raw} is true and the embedder returns only unit vectors
   */
  public FaceReading read(RgbImage photo, boolean raw) {
    FaceReading best = readUpright(UprightPhoto.of(photo, detector), List.of(), raw);
    RgbImage whole = fitWithin(photo, MAX_SIDE_BEFORE_MARGIN);
    for (int i = 0; best.face().isEmpty() && i < MARGINS.length; i++) {
      UprightPhoto upright = UprightPhoto.of(pad(whole, MARGINS[i]), detector);
      FaceReading wider = readUpright(upright, List.of(FaceReading.Note.FOUND_WITH_MARGIN), raw);
      // "Too small" tells the user more than "no face".
      best = wider.face().isPresent() || best.notes().contains(FaceReading.Note.NO_FACE)
          ? wider
          : best;
    }
    return best;
  }

  private FaceReading readUpright(UprightPhoto upright, List<FaceReading.Note> done, boolean raw) {
    List<Face> faces = upright.faces();
    if (faces.isEmpty()) {
      return FaceReading.notFound(FaceReading.Note.NO_FACE);
    }
    Face face = faces.get(0);
    List<FaceReading.Note> notes = new ArrayList<>(done);
    if (upright.rotated()) {
      notes.add(FaceReading.Note.ROTATED);
    }
    if (faces.size() > 1) {
      notes.add(FaceReading.Note.LARGEST_OF_SEVERAL);
    }
    double width = face.box().width();
    if (width < MIN_FACE) {
      return FaceReading.notFound(FaceReading.Note.TOO_SMALL);
    }
    if (width < SMALL_FACE) {
      notes.add(FaceReading.Note.SMALL);
    }
    if (Math.abs(face.pose().yaw()) > MAX_YAW) {
      notes.add(FaceReading.Note.LARGE_YAW);
    }
    return new FaceReading(
        Optional.of(reference(embedder, upright.image(), face, raw, withSide)), notes);
  }

  /** Returns the face embedding, raw or of unit length, with the aligned face image. */
  static Reference reference(
      FaceEmbedder embedder, RgbImage image, Face face, boolean raw, int side) {
    float[] numbers = raw ? embedder.embedRaw(image, face) : embedder.embed(image, face);
    return Reference.face(numbers, IdentityMethod.FaceInput.image(image, face, side))
        .withFaceEmbedder(embedder.name());
  }

  private static RgbImage fitWithin(RgbImage photo, int side) {
    double scale = (double) side / Math.max(photo.width(), photo.height());
    return scale >= 1
        ? photo
        : PillowResampling.LANCZOS.resize(
            photo, Math.max(1, (int) Math.round(scale * photo.width())), Math.max(1, (int)
                Math.round(scale * photo.height())));
  }

  /** Pads the photo with grey on each side by {@code share} of its width and height. */
  private static RgbImage pad(RgbImage photo, double share) {
    int left = (int) (share * photo.width());
    int top = (int) (share * photo.height());
    int width = photo.width() + 2 * left;
    byte[] rgb = new byte[width * (photo.height() + 2 * top) * 3];
    Arrays.fill(rgb, (byte) 127);
    byte[] from = photo.rgb();
    for (int row = 0; row < photo.height(); row++) {
      System.arraycopy(
          from, row * photo.width() * 3, rgb, ((row + top) * width + left) * 3, photo.width() * 3);
    }
    return RgbImage.of(width, photo.height() + 2 * top, rgb);
  }

  /**
   * A person's image prompt with a report for each photo.
   *
   * @param prompt the image prompt
   * @param readings the report for each photo, in the order of the photos
   * @param usesFallback true if a fallback adapter encoded the whole photos, because no photo has a
   *     usable face
   */
  public record PersonReading(
      ImagePrompt prompt, List<FaceReading> readings, boolean usesFallback) {
    /** Copies the list. */
    public PersonReading {
      readings = List.copyOf(readings);
    }

    /**
     * Encodes the faces of photos for a face adapter. If some photos have a usable face, only these
     * photos are used.
     *
     * @param adapter a face adapter (FaceID or Portrait)
     * @param reader finds and encodes faces
     * @param photos references, each with a whole photo as image
     * @return the image prompt and a report for each photo
     * @throws InvalidInputException if no photo has a usable face
     */
    public static PersonReading of(IpAdapter adapter, FaceReader reader, List<Reference> photos) {
      return read(adapter, reader, photos, Optional.empty());
    }

    /**
     * Encodes the faces of photos for a face adapter. If some photos have a usable face, only these
     * photos are used. If no photo has a usable face, the fallback adapter encodes the whole
     * photos.
     *
     * @param adapter a face adapter (FaceID or Portrait)
     * @param reader finds and encodes faces
     * @param photos references, each with a whole photo as image
     * @param fallback an adapter that needs images only
     * @return the image prompt and a report for each photo
     */
    public static PersonReading of(
        IpAdapter adapter, FaceReader reader, List<Reference> photos, IpAdapter fallback) {
      return read(adapter, reader, photos, Optional.of(fallback));
    }

    private static PersonReading read(
        IpAdapter adapter,
        FaceReader reader,
        List<Reference> photos,
        Optional<IpAdapter> fallback) {
      boolean raw = adapter.layout().needsRawEmbedding();
      FaceReader fitting =
          adapter.layout().faceInput().map(face -> reader.withSide(face.side())).orElse(reader);
      List<FaceReading> readings = photos.stream()
          .map(photo -> fitting.read(photo.image().orElseThrow(), raw))
          .toList();
      List<Reference> found = new ArrayList<>();
      for (int i = 0; i < readings.size(); i++) {
        double weight = photos.get(i).weight();
        readings.get(i).face().ifPresent(face -> found.add(face.weight(weight)));
      }
      if (!found.isEmpty()) {
        return new PersonReading(adapter.prompt(found), readings, false);
      }
      if (fallback.isEmpty()) {
        throw new InvalidInputException("no photo has a usable face: " + reasons(readings)
            + "; give photos with a face at least 64 pixels wide, or an adapter that uses images,"
            + " such as Plus Face");
      }
      return new PersonReading(fallback.get().prompt(photos), readings, true);
    }

    private static String reasons(List<FaceReading> readings) {
      List<String> reasons = new ArrayList<>();
      for (int i = 0; i < readings.size(); i++) {
        reasons.add("photo " + (i + 1) + ": " + readings.get(i).description());
      }
      return reasons.isEmpty() ? "none was given" : String.join(", ", reasons);
    }
  }

  /**
   * The result of reading one photo.
   *
   * @param face the reference with the face; empty if no face can be used
   * @param notes remarks: how the photo was changed, and why the embedding is missing or less exact
   */
  public record FaceReading(Optional<Reference> face, List<Note> notes) {
    /** A remark on a photo. */
    public enum Note {
      /** No face was found. */
      NO_FACE("no face was found in any orientation"),
      /** The face is less than 16 pixels wide, which is too small to be used. */
      TOO_SMALL("the face is less than 16 pixels wide"),
      /** The face is less than 64 pixels wide, so its embedding is less exact. */
      SMALL("the face is less than 64 pixels wide, so its embedding is less exact"),
      /** The head is turned sideways by more than 40 degrees, so the embedding is less exact. */
      LARGE_YAW("the head is turned far to the side, so its embedding is less exact"),
      /** The photo has several faces, and the largest was used. */
      LARGEST_OF_SEVERAL("the photo has several faces; the largest was used"),
      /** The face was found after the photo was rotated. */
      ROTATED("the photo was turned upright to find the face"),
      /** The face was found after a margin was added to the photo. */
      FOUND_WITH_MARGIN("the face fills the photo and was found after adding a margin");

      private final String description;

      Note(String description) {
        this.description = description;
      }

      /** {@return the remark as words, for a message} */
      public String description() {
        return description;
      }
    }

    /** Copies the list. */
    public FaceReading {
      notes = List.copyOf(notes);
    }

    static FaceReading notFound(Note why) {
      return new FaceReading(Optional.empty(), List.of(why));
    }

    /** {@return all remarks in one line; an empty text if there are none} */
    public String description() {
      return String.join("; ", notes.stream().map(Note::description).toList());
    }
  }
}
