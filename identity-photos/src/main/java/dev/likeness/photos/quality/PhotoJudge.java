package dev.likeness.photos.quality;

import dev.likeness.photos.decode.Decoded;
import dev.likeness.photos.face.Box;
import dev.likeness.photos.face.Face;
import java.util.ArrayList;
import java.util.List;

/** Judges a decoded photo by the face that it is about: the largest. */
public final class PhotoJudge {
  private static final double DOMINATED = 0.3;
  private static final double FACE_LEAST = 40;
  private static final double FACE_COMFORTABLE = 80;
  private static final double CUT_REJECT = 0.15;
  private static final double CUT_WARN = 0.03;

  /** What speaks against a photo, in no order; {@code faces} are largest first. */
  public List<Reason> reasons(Decoded photo, List<Face> faces) {
    List<Reason> reasons = new ArrayList<>();
    if (photo.damaged()) {
      reasons.add(Reason.of(ReasonCode.DAMAGED_FILE, Verdict.WARN, "parts of the file are damaged; export or copy it again"));
    }
    if (faces.isEmpty()) {
      reasons.add(Reason.of(ReasonCode.NO_FACE, Verdict.REJECT, "no face was found"));
      return reasons;
    }
    crowd(faces, reasons);
    size(faces.get(0).box(), reasons);
    frame(faces.get(0).box(), photo.picture().width(), photo.picture().height(), reasons);
    return reasons;
  }

  private static void crowd(List<Face> faces, List<Reason> reasons) {
    if (faces.size() > 1) {
      double rivalry = faces.get(1).box().area() / faces.get(0).box().area();
      boolean equals = rivalry > DOMINATED;
      reasons.add(new Reason(ReasonCode.SEVERAL_FACES, equals ? Verdict.REJECT : Verdict.WARN, rivalry, DOMINATED,
          faces.size() + " faces were found" + (equals ? " and none stands out" : "; the largest is taken for the person")));
    }
  }

  private static void size(Box face, List<Reason> reasons) {
    if (face.width() < FACE_COMFORTABLE) {
      boolean hopeless = face.width() < FACE_LEAST;
      double limit = hopeless ? FACE_LEAST : FACE_COMFORTABLE;
      reasons.add(new Reason(ReasonCode.FACE_TOO_SMALL, hopeless ? Verdict.REJECT : Verdict.WARN, face.width(), limit,
          "the face is %.0f pixels wide, fewer than %.0f; come closer or send the original file".formatted(face.width(), limit)));
    }
  }

  private static void frame(Box face, int width, int height, List<Reason> reasons) {
    double outside = 1 - face.intersection(new Box(0, 0, width, height)) / face.area();
    if (outside > CUT_WARN) {
      boolean reject = outside > CUT_REJECT;
      reasons.add(new Reason(ReasonCode.FACE_CUT_OFF, reject ? Verdict.REJECT : Verdict.WARN, outside,
          reject ? CUT_REJECT : CUT_WARN, "the picture's edge cuts off %.0f %% of the face".formatted(100 * outside)));
    }
  }
}
