package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.photos.decode.DecodedPhoto;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.quality.Brisque;
import dev.likeness.photos.quality.FaceQuality;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Checks the quality of a decoded photo and of its largest face. Immutable. */
public final class QualityChecks {
  private static final double PROFILE_YAW = 45;

  private final QualityLimits limits;
  private final Optional<Brisque> brisque;
  private final Optional<FaceQuality> quality;

  /** Makes the checks with some thresholds and optional further measures. */
  public QualityChecks(
      QualityLimits limits, Optional<Brisque> brisque, Optional<FaceQuality> quality) {
    this.limits = limits;
    this.brisque = brisque;
    this.quality = quality;
  }

  /**
   * Returns the reasons against a photo, in no particular order. The {@code faces} must be sorted,
   * largest first.
   */
  public List<Reason> check(DecodedPhoto photo, List<Face> faces) {
    Findings findings = new Findings(limits);
    checkFile(photo, findings);
    if (faces.isEmpty()) {
      findings.addMissing(ReasonCode.NO_FACE, Verdict.REJECT, "no face was found");
      return findings.reasons();
    }
    Face face = faces.get(0);
    checkColours(photo.image(), findings);
    checkFaceCount(faces, findings);
    checkFrame(face.box(), photo, findings);
    FacePatch patch = FacePatch.of(photo.image(), face);
    checkLight(patch, findings);
    checkPose(face.pose(), findings);
    if (Math.abs(face.pose().yaw()) <= PROFILE_YAW) {
      checkCovers(Occlusion.of(patch), photo.image(), face, findings);
    }
    brisque.ifPresent(model -> findings.measure(
        ReasonCode.DISTORTED,
        model.score(photo.image(), face),
        "it is distorted by noise, blur or compression; use the original file"));
    quality.ifPresent(network -> findings.measure(
        ReasonCode.LOW_QUALITY,
        network.score(photo.image(), face),
        "the face can hardly be recognised"));
    return findings.reasons();
  }

  private static void checkFile(DecodedPhoto photo, Findings findings) {
    if (photo.isDamaged()) {
      findings.add(
          ReasonCode.DAMAGED_FILE,
          Verdict.WARN,
          "parts of the file are damaged; export or copy it again");
    }
    photo
        .jpegQuality()
        .ifPresent(quality -> findings.measure(
            ReasonCode.HEAVY_COMPRESSION,
            quality,
            "it was saved as JPEG of quality " + quality + "; use the original file"));
    if (!findings.has(ReasonCode.HEAVY_COMPRESSION)) {
      findings.measure(
          ReasonCode.COMPRESSED_BEFORE,
          EditTraces.BlockArtifacts.strength(photo.image()),
          "it shows blocks of an earlier, strong compression; use the original file");
    }
    double bars = EditTraces.Bars.share(photo.image());
    findings.measure(
        ReasonCode.BORDERS,
        bars,
        String.format(
            Locale.ROOT,
            "flat bars take up %.0f %% of the image; use the photo, not a screenshot",
            100 * bars));
  }

  private static void checkColours(RgbImage image, Findings findings) {
    EditTraces.Colour colour = EditTraces.Colour.of(image);
    findings.measure(
        ReasonCode.BLACK_AND_WHITE, colour.chroma(), "it is black and white; use one in colour");
    if (!findings.has(ReasonCode.BLACK_AND_WHITE)) {
      findings.measure(
          ReasonCode.STRONG_FILTER,
          colour.hueVariety(),
          "a filter reduced it to a single hue; use it without the filter");
    }
  }

  private static void checkFaceCount(List<Face> faces, Findings findings) {
    if (faces.size() > 1) {
      double rivalry = faces.get(1).box().area() / faces.get(0).box().area();
      findings.measure(
          ReasonCode.SEVERAL_FACES,
          rivalry,
          String.format(
              Locale.ROOT,
              "%d faces were found, the second %.0f %% as large as the first",
              faces.size(),
              100 * rivalry));
    }
  }

  private static void checkFrame(BoundingBox face, DecodedPhoto photo, Findings findings) {
    RgbImage image = photo.image();
    findings.measure(
        ReasonCode.FACE_TOO_SMALL,
        face.width(),
        photo.reduction() > 1
            ? String.format(
                Locale.ROOT,
                "the face is only %.0f of the photo's %d pixels wide; come closer or crop the"
                    + " photo",
                face.width() * photo.reduction(),
                photo.fullWidth())
            : String.format(
                Locale.ROOT,
                "the face is only %.0f pixels wide; come closer or use the original file",
                face.width()));
    double outside =
        1 - face.intersection(new BoundingBox(0, 0, image.width(), image.height())) / face.area();
    findings.measure(
        ReasonCode.FACE_CUT_OFF,
        outside,
        String.format(Locale.ROOT, "the image's edge cuts off %.0f %% of the face", 100 * outside));
  }

  private static void checkLight(FacePatch patch, Findings findings) {
    findings.measure(
        ReasonCode.BLURRED,
        FacePatch.Blur.measure(patch),
        "the face is blurred; hold still and focus on it");
    findings.measure(
        ReasonCode.TOO_DARK,
        FacePatch.Exposure.highlight(patch),
        "the face is too dark; face a window or a lamp");
    double burnt = FacePatch.Exposure.clippedShare(patch);
    findings.measure(
        ReasonCode.TOO_BRIGHT,
        burnt,
        String.format(Locale.ROOT, "%.0f %% of the face is overexposed to white", 100 * burnt));
    double slope = FacePatch.Exposure.lightDifference(patch);
    String darker = slope > 0 ? "left" : "right";
    findings.measure(
        ReasonCode.UNEVEN_LIGHT,
        Math.abs(slope),
        String.format(
            Locale.ROOT,
            "the %s half of the face is %.1f stops darker than the other",
            darker,
            Math.abs(slope)));
  }

  private static void checkPose(HeadPose pose, Findings findings) {
    double turned =
        Math.max(Math.abs(pose.yaw()), Math.max(Math.abs(pose.pitch()), Math.abs(pose.roll())));
    findings.measure(
        ReasonCode.EXTREME_POSE,
        turned,
        String.format(Locale.ROOT, "the head is turned %.0f degrees away", turned));
  }

  // Checks from the most to the least specific reason.
  private static void checkCovers(
      Occlusion occlusion, RgbImage image, Face face, Findings findings) {
    findings.measure(
        ReasonCode.HAT,
        Occlusion.Headwear.measure(image, face, occlusion),
        "a hat or scarf covers the hair");
    double lenses = face.eyes().isPresent() ? 0 : occlusion.eyesShare();
    findings.measure(ReasonCode.SUNGLASSES, lenses, "dark glasses hide the eyes");
    if (face.eyes().isEmpty() && !findings.has(ReasonCode.SUNGLASSES)) {
      findings.addMissing(
          ReasonCode.EYES_NOT_VISIBLE,
          Verdict.WARN,
          "no open eyes were found: they may be closed, shaded or covered, or the detector missed"
              + " them");
    }
    findings.measure(
        ReasonCode.MASK, occlusion.noseAndMouthShare(), "a mask or scarf covers nose and mouth");
    if (!findings.has(ReasonCode.MASK)) {
      double covered = occlusion.faceShare();
      findings.measure(
          ReasonCode.FACE_COVERED,
          covered,
          String.format(Locale.ROOT, "something covers %.0f %% of the face", 100 * covered));
    }
  }

  /** Collects the reasons against one photo and compares measures with their limits. */
  static final class Findings {
    private final QualityLimits limits;
    private final List<Reason> reasons = new ArrayList<>();

    Findings(QualityLimits limits) {
      this.limits = limits;
    }

    /** Adds a reason if {@code value} passes a threshold of {@code code}. */
    void measure(ReasonCode code, double value, String sentence) {
      CurrentWork.throwIfCancelled();
      QualityLimits.Band band = limits.band(code);
      Verdict severity = band.judge(value);
      if (severity != Verdict.KEEP) {
        reasons.add(new Reason(code, severity, value, band.limit(value), sentence));
      }
    }

    /** Adds a reason for something that was not found: the value is 0 and the limit is 1. */
    void addMissing(ReasonCode code, Verdict severity, String sentence) {
      reasons.add(new Reason(code, severity, 0, 1, sentence));
    }

    /** Adds a reason without a measured value. */
    void add(ReasonCode code, Verdict severity, String sentence) {
      reasons.add(Reason.of(code, severity, sentence));
    }

    boolean has(ReasonCode code) {
      return reasons.stream().anyMatch(reason -> reason.code() == code);
    }

    List<Reason> reasons() {
      return List.copyOf(reasons);
    }
  }
}
