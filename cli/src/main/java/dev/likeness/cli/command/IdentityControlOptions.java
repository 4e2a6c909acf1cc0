package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.FaceKeypoints;
import dev.likeness.ipadapter.IpAdapterFile;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.face.UprightPhoto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options for the ControlNet of an identity method, which takes keypoints. */
@Command(optionListHeading = "Reference images")
final class IdentityControlOptions {
  private static final String PHOTO = "photo";
  private static final String FRONT = "front";
  /** The distance of the eyes in a headshot, as a share of the shorter side. */
  private static final double EYE_DISTANCE = 0.2;

  @PathUse(Use.READ)
  @ModelFile
  @Option(
      names = "--identity-controlnet",
      paramLabel = "FOLDER",
      description = "ControlNet of the identity method: the folder of its publishers, "
          + "ControlNetModel for InstantID. Other ControlNets are given by --controlnet of "
          + "generate")
  private Path controlNet;

  @NumberRange
  @Option(
      names = "--identity-control-scale",
      paramLabel = "X",
      description = "strength of the --identity-controlnet (default: that of its authors, 0.8 for "
          + "InstantID)")
  private Double scale;

  @Option(
      names = "--pose",
      paramLabel = "NAME",
      converter = PoseParser.class,
      description = "pose of the head for the --identity-controlnet: front, left, right, "
          + "slightly-left, slightly-right, up, down, up-left, up-right, tilted-left or "
          + "tilted-right; or photo, which also keeps place and size of the face in the first "
          + "photo with a face (default: " + FRONT + ")")
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

  /** Returns the folder of the ControlNet; empty if it is not given. */
  Optional<Path> folder() {
    return Optional.ofNullable(controlNet);
  }

  /** Refuses options that have no effect without the ControlNet. */
  void requireUsed() {
    if (controlNet == null && (scale != null || pose != null)) {
      throw new IllegalArgumentException((pose == null ? "--identity-control-scale" : "--pose")
          + " does nothing without --identity-controlnet; give both or neither");
    }
  }

  /** Refuses, before any work, a ControlNet beside an adapter that has none of its own. */
  void requireUsed(IpAdapterFile.Kind kind, Path adapter) {
    if (controlNet != null && kind.controlNet().isEmpty()) {
      throw new IllegalArgumentException("--identity-controlnet does nothing with " + adapter + ", "
          + kind.named() + "; leave --identity-controlnet out");
    }
  }

  /** Tells that the ControlNet of an adapter is missing. */
  void tellIfMissing(IpAdapterFile.Kind kind, Path adapter, Console console) {
    kind.controlNet()
        .filter(own -> controlNet == null)
        .ifPresent(own -> console
            .err()
            .println(adapter + " is " + kind.named() + ", given without its ControlNet, so that"
                + " images look less like the person; give the folder " + own.folder()
                + " of its publishers with --identity-controlnet FOLDER"));
  }

  private boolean isAsInPhoto() {
    return PHOTO.equals(pose);
  }

  /** Refuses a pose that needs photos, which a person file does not have. */
  void requirePhotos(boolean hasPhotos) {
    if (controlNet != null && isAsInPhoto() && !hasPhotos) {
      throw new IllegalArgumentException("--pose photo needs photos, and a person file has none;"
          + " give --photos DIR, or a pose such as --pose front");
    }
  }

  /** Refuses, before any work, a pose that needs a detector that finds keypoints. */
  void requireDetector(Path detector) {
    if (controlNet != null && isAsInPhoto() && detector == null) {
      throw new IllegalArgumentException("--pose photo needs a face detector that finds keypoints,"
          + " which the built-in one does not; give --face-detector FILE with a YuNet file, or a"
          + " pose such as --pose front");
    }
  }

  /** Opens the ControlNet; the caller closes it. */
  ControlNet open(Compute compute) {
    if (!Files.exists(controlNet)) {
      throw new InvalidInputException("the ControlNet " + controlNet + " does not exist; give the"
          + " folder of the adapter's ControlNet with --identity-controlnet FOLDER");
    }
    ControlNet net = BaseModel.openControlNet(controlNet, compute);
    if (net.modeCount() > 0) {
      net.close();
      throw new InvalidInputException(controlNet + " is a union ControlNet, but the ControlNet of"
          + " an identity has no control modes; give the folder of the adapter's ControlNet");
    }
    return net;
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
    RgbImage keypoints = isAsInPhoto()
        ? asInPhoto(photos, width, height)
        : FaceKeypoints.ofPose(pose == null ? FRONT : pose, EYE_DISTANCE, width, height);
    return ControlImage.of(net, keypoints)
        .scale(scale == null ? kind.controlNet().orElseThrow().scale() : scale);
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
