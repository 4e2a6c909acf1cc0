package dev.likeness.photos.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.DrawnFace;
import dev.likeness.photos.decode.Decoded;
import dev.likeness.photos.decode.PhotoFormat;
import dev.likeness.photos.face.Box;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Pose;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhotoJudgeTest {
  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"1 | the face is only 30 pixels wide; come closer or send the original file",
      "4 | the face is only 120 of the photo's 1280 pixels wide; come closer or crop it"})
  void tellsHowWideASmallFaceIsInTheFileThatWasSent(int reduction, String said) {
    Picture picture = DrawnFace.picture(320, 240, 160, 120, 30);
    Decoded photo = new Decoded(picture, PhotoFormat.PNG, 320 * reduction, 240 * reduction, false, OptionalInt.empty());
    Face face = new Face(new Box(145, 105, 30, 30), 1, new Pose(0, 0, 0), Optional.empty(), Optional.empty());

    List<Reason> reasons = new PhotoJudge(QualityLimits.DEFAULT, Optional.empty(), Optional.empty()).reasons(photo, List.of(face));

    assertEquals(List.of(said), reasons.stream().filter(reason -> reason.code() == ReasonCode.FACE_TOO_SMALL).map(Reason::message).toList());
  }
}
