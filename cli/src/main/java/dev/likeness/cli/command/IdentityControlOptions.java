package dev.likeness.cli.command;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.ipadapter.FaceKeypoints;
import dev.likeness.ipadapter.IpAdapterFile;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.face.UprightPhoto;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options for the ControlNet of an identity method, with the pose of the head. */
@Command(optionListHeading = "Reference images")
final class IdentityControlOptions extends IdentityNetOptions {
  private static final String PHOTO = "photo";
  private static final String FRONT = "front";
  /** The distance of the eyes in a headshot, as a share of the shorter side. */
  private static final double EYE_DISTANCE = 0.2;

  @Option(
      names = "--pose",
      paramLabel = "NAME",
      converter = PoseParser.class,
      description = "pose of the head for the --identity-controlnet: front, left, right, "
          + "slightly-left, slightly-right, up, down, up-left, up-right, tilted-left or "
          + "tilted-right; or photo, which also keeps place and size of the face in the first "
          + "photo with a face (default: " + FRONT + "; for a method that acts through "
          + "its ControlNet alone: that of the prompt)")
  private String pose;

  /** Reads the name of a pose. */
  static final class PoseParser implements ITypeConverter<String> {
    @Override
    public String convert(String text) {
      if (!text.equals(PHOTO) && !FaceKeypoints.poses().contains(text)) {
        throw new TypeConversionException("unknown pose " + Quoted.of(text) + "; known: "
            + String.join(", ", FaceKeypoints.poses()) + ", " + PHOTO);
      }
      return text;
    }
  }

  @Override
  void requireUsed() {
    requireFolder("--pose", pose);
    super.requireUsed();
  }

  private boolean isAsInPhoto() {
    return PHOTO.equals(pose);
  }

  /** Refuses a pose that needs photos, which a person file does not have. */
  void requirePhotos(boolean hasPhotos) {
    if (folder().isPresent() && isAsInPhoto() && !hasPhotos) {
      throw new IllegalArgumentException("--pose photo needs photos, and a person file has none;"
          + " give --photos DIR, or a pose such as --pose front");
    }
  }

  /** Refuses, before any work, a pose that needs a detector that finds keypoints. */
  void requireDetector(Path detector) {
    if (folder().isPresent() && isAsInPhoto() && detector == null) {
      throw new IllegalArgumentException("--pose photo needs a face detector that finds keypoints,"
          + " which the built-in one does not; give --face-detector FILE with a YuNet file, or a"
          + " pose such as --pose front");
    }
  }

  /**
   * Returns the control image.
   *
   * @param kind the kind of the adapter, which has this ControlNet
   * @param photos the photos, in the order of the user; read only if the pose is that of a photo
   * @param width width of the generated image in pixels
   * @param height height of the generated image in pixels
   */
  ControlImage image(
      ControlNet net, IpAdapterFile.Kind kind, Stream<PhotoFace> photos, int width, int height) {
    return control(net, kind, keypoints(kind, photos, width, height));
  }

  /** Returns the control image's pixels; the parameters are those of {@link #image}. */
  RgbImage keypoints(IpAdapterFile.Kind kind, Stream<PhotoFace> photos, int width, int height) {
    if (isAsInPhoto()) {
      return asInPhoto(photos, width, height);
    }
    return pose == null && kind.controlNet().orElseThrow().isRequired()
        ? black(width, height)
        : FaceKeypoints.ofPose(pose == null ? FRONT : pose, EYE_DISTANCE, width, height);
  }

  /** A face in an upright photo. */
  record PhotoFace(RgbImage photo, Face face) {
    /** Finds the largest face of each photo that has one. */
    static Stream<PhotoFace> in(List<RgbImage> photos, FaceDetector detector) {
      return photos.stream()
          .map(photo -> UprightPhoto.of(photo, detector))
          .filter(upright -> !upright.faces().isEmpty())
          .map(upright -> new PhotoFace(upright.image(), upright.faces().get(0)));
    }
  }

  private static RgbImage asInPhoto(Stream<PhotoFace> photos, int width, int height) {
    return photos
        .findFirst()
        .map(found -> FaceKeypoints.asInPhoto(found.face(), found.photo(), width, height))
        .orElseThrow(() -> new InvalidInputException("--pose photo finds a whole face in no"
            + " photo; give a photo with space around the face, or a pose such as --pose"
            + " front"));
  }
}
