package dev.likeness.photos.internal.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.PaintedFace;
import dev.likeness.photos.decode.DecodedPhoto;
import dev.likeness.photos.decode.PhotoFormat;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QualityChecksTest {
  private static final QualityChecks JUDGE =
      new QualityChecks(QualityLimits.DEFAULT, Optional.empty(), Optional.empty());
  private static final RgbImage IMAGE = PaintedFace.image(400, 400, 200, 180, 160);
  private static final BoundingBox BOX = new BoundingBox(120, 90, 160, 190);

  @ParameterizedTest
  @CsvSource({
    "39, -20, 10, KEEP, 0, 0",
    "-60, 0, 0, WARN, 60, 40",
    "0, -41, 0, WARN, 41, 40",
    "10, 20, 44, WARN, 44, 40",
    "80, 0, 0, REJECT, 80, 75",
    "0, 0, -90, REJECT, 90, 75"
  })
  void usesTheLargestAngleOfAPose(
      double yaw, double pitch, double roll, Verdict verdict, double value, double limit) {
    List<Reason> expected = verdict == Verdict.KEEP
        ? List.of()
        : List.of(new Reason(
            ReasonCode.EXTREME_POSE,
            verdict,
            value,
            limit,
            "the head is turned " + Math.round(value) + " degrees away"));
    assertEquals(
        expected,
        reasons(new HeadPose(yaw, pitch, roll)).stream()
            .filter(reason -> reason.code() == ReasonCode.EXTREME_POSE)
            .toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | the face is only 30 pixels wide; come closer or use the original file",
        "4 | the face is only 120 of the photo's 1280 pixels wide; come closer or crop the photo"
      })
  void reportsTheFaceWidthInPixelsOfTheFile(int reduction, String said) {
    RgbImage image = PaintedFace.image(320, 240, 160, 120, 30);
    DecodedPhoto photo = new DecodedPhoto(
        image, PhotoFormat.PNG, 320 * reduction, 240 * reduction, false, OptionalInt.empty());
    Face face = new Face(
        new BoundingBox(145, 105, 30, 30),
        1,
        new HeadPose(0, 0, 0),
        Optional.empty(),
        Optional.empty());

    List<Reason> reasons = JUDGE.check(photo, List.of(face));

    assertEquals(
        List.of(said),
        reasons.stream()
            .filter(reason -> reason.code() == ReasonCode.FACE_TOO_SMALL)
            .map(Reason::message)
            .toList());
  }

  private static List<Reason> reasons(HeadPose pose) {
    DecodedPhoto photo =
        new DecodedPhoto(IMAGE, PhotoFormat.PNG, 400, 400, false, OptionalInt.empty());
    return JUDGE.check(photo, List.of(new Face(BOX, 1, pose, Optional.empty(), Optional.empty())));
  }
}
