package dev.likeness.cli.command;

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
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.face.UprightPhoto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options for the ControlNet of an identity method: InstantID's, which takes keypoints. */
@Command(optionListHeading = "Reference images")
final class IdentityControlOptions {
  private static final String PHOTO = "photo";
  /** The distance of the eyes in a headshot, as a share of the shorter side. */
  private static final double EYE_DISTANCE = 0.2;

  @PathUse(Use.READ)
  @ModelFile
  @Option(
      names = "--identity-controlnet",
      paramLabel = "FOLDER",
      description = "ControlNet of an InstantID adapter: the folder ControlNetModel of its "
          + "publishers. Other ControlNets are given by --controlnet")
  private Path controlNet;

  @NumberRange
  @Option(
      names = "--identity-control-scale",
      paramLabel = "X",
      defaultValue = "0.8",
      description = "strength of the --identity-controlnet (default: ${DEFAULT-VALUE})")
  private double scale;

  @Option(
      names = "--pose",
      paramLabel = "NAME",
      defaultValue = "front",
      converter = PoseParser.class,
      description = "pose of the head for the --identity-controlnet: front, left, right, "
          + "slightly-left, slightly-right, up, down, up-left, up-right, tilted-left or "
          + "tilted-right; or photo, which also keeps place and size of the face in the first "
          + "--reference with a face (default: ${DEFAULT-VALUE})")
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

  /** Refuses, before any work, a pose that needs a detector that finds keypoints. */
  void requireDetector(Path detector) {
    if (controlNet != null && pose.equals(PHOTO) && detector == null) {
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
   * @param photos the references, in the order of the user
   * @param width width of the generated image in pixels
   * @param height height of the generated image in pixels
   */
  ControlImage image(
      ControlNet net, List<RgbImage> photos, FaceDetector detector, int width, int height) {
    RgbImage keypoints = pose.equals(PHOTO)
        ? asInPhoto(photos, detector, width, height)
        : FaceKeypoints.ofPose(pose, EYE_DISTANCE, width, height);
    return ControlImage.of(net, keypoints).scale(scale);
  }

  private static RgbImage asInPhoto(
      List<RgbImage> photos, FaceDetector detector, int width, int height) {
    return photos.stream()
        .map(photo -> UprightPhoto.of(photo, detector))
        .filter(upright -> !upright.faces().isEmpty())
        .findFirst()
        .map(upright ->
            FaceKeypoints.asInPhoto(upright.faces().get(0), upright.image(), width, height))
        .orElseThrow(() -> new InvalidInputException("--pose photo finds a whole face in no"
            + " reference; give a photo with space around the face, or a pose such as --pose"
            + " front"));
  }
}
