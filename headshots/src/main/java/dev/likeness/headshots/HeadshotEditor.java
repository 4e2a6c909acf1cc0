package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.List;
import java.util.Set;

/**
 * Draws parts of a headshot anew with the person attached: {@link Inpainting}s, each laid over the
 * headshot by its mask, so that everything else stays to the pixel.
 */
record HeadshotEditor(BaseModel base, Identity person, FaceDetector detector, Upscaler enlarger) {
  // The broad light of a face is what is left after a blur of so much of its width.
  private static final double BROAD = 0.1;
  private static final double MOST_LIGHT = 3;

  HeadshotEdit.Result of(
      Headshot before, HeadshotEdit edit, Progress progress, Cancellation cancellation) {
    HeadshotEdit.Margins margins = edit.margins();
    requireCanvas(before.picture(), margins);
    RgbImage after = InitialImage.extended(
            before.picture(), margins.left(), margins.top(), margins.right(), margins.bottom())
        .picture();
    // With a mask of what to draw there need be no face, and none keeps its detail then.
    List<Face> faces = edit.words().isEmpty() ? List.of() : detector.detect(after);
    String prompt = edit.prompt(before);
    ImageRequest request = ShootRequest.guided(before.request(), base)
        .prompt(prompt)
        .seed(edit.seed())
        .hires(null)
        .negative(PersonRecord.SharedLight.of(person).negative(before.request().negative(), prompt))
        .noise(null)
        .count(1);
    Inpainting drawing = new Inpainting(base, adapted(request, before.likeness()), enlarger);
    RgbImage anew = null;
    for (HeadshotEdit.Pass pass : edit.passes()) {
      RgbImage mask = mask(before.picture(), after, edit, pass.parts(), faces);
      RgbImage drawn = before
          .style()
          .developed(drawing.of(after, mask, pass.strength(), progress, cancellation));
      boolean lit = pass.parts().contains(HeadshotEdit.Part.LIGHT)
          && !EditMask.changesFace(pass.parts())
          && !faces.isEmpty();
      after = blended(after, lit ? relit(after, drawn, faces.get(0)) : drawn, mask);
      anew = anew == null ? mask : EditMask.either(anew, mask);
    }
    Headshot edited = new Headshot(
        after,
        before.style().saying(edit.words()),
        edit.seed(),
        request.size(after.width(), after.height()),
        before.likeness(),
        true);
    return new HeadshotEdit.Result(before, edited, anew);
  }

  private static void requireCanvas(RgbImage before, HeadshotEdit.Margins margins) {
    int width = before.width() + margins.left() + margins.right();
    int height = before.height() + margins.top() + margins.bottom();
    if (margins.any() && Math.max(width, height) > ShootRequest.MOST_SIZE) {
      throw new InvalidInputException("the canvas would have " + width + "x" + height
          + " pixels, and a side has " + ShootRequest.MOST_SIZE + " at most; extend it by less");
    }
  }

  private static RgbImage mask(
      RgbImage before,
      RgbImage canvas,
      HeadshotEdit edit,
      Set<HeadshotEdit.Part> parts,
      List<Face> faces) {
    if (edit.margins().any()) {
      return EditMask.margins(before, edit.margins(), canvas.width(), canvas.height());
    }
    if (edit.mask().isEmpty()) {
      return EditMask.of(
          before,
          faces.stream()
              .findFirst()
              .orElseThrow(() -> new InvalidInputException("no face is seen in the headshot, "
                  + "so its parts cannot be found; give a mask of what to draw")),
          parts);
    }
    RgbImage white = edit.mask().get().white();
    if (white.width() != before.width() || white.height() != before.height()) {
      throw new InvalidInputException(
          "the mask has " + white.width() + "x" + white.height() + " pixels and the headshot "
              + before.width() + "x" + before.height() + "; give a mask of the headshot's size");
    }
    return white;
  }

  /** Drawn as this person, whoever the headshot's request was adapted by. */
  private ImageRequest adapted(ImageRequest request, double likeness) {
    return ImageRequest.of(request.prompt())
        .negative(request.negative())
        .steps(request.steps())
        .guidance(request.guidance())
        .seed(request.seed())
        .as(person.at(likeness));
  }

  /**
   * On the face, what was there in the broad light of what was drawn: Shashua and Riklin-Raviv,
   * TPAMI 23, 2001.
   */
  private static RgbImage relit(RgbImage before, RgbImage drawn, Face face) {
    BoundingBox box = face.box();
    RgbImage was = EditMask.soft(before, BROAD * box.width());
    RgbImage is = EditMask.soft(drawn, BROAD * box.width());
    byte[] out = drawn.rgb();
    for (int i = 0; i < out.length; i++) {
      int x = i / 3 % drawn.width();
      int y = i / 3 / drawn.width();
      double ratio = (is.at(x, y, i % 3) + 8.0) / (was.at(x, y, i % 3) + 8.0);
      double lit = before.at(x, y, i % 3) * Math.max(1 / MOST_LIGHT, Math.min(MOST_LIGHT, ratio));
      double part = EditMask.oval(box, x, y);
      out[i] = (byte) Math.round(Math.min(255, part * lit + (1 - part) * (out[i] & 255)));
    }
    return RgbImage.of(drawn.width(), drawn.height(), out);
  }

  private static RgbImage blended(RgbImage before, RgbImage drawn, RgbImage mask) {
    byte[] out = before.rgb();
    for (int i = 0; i < out.length; i++) {
      int x = i / 3 % before.width();
      int y = i / 3 / before.width();
      double part = mask.at(x, y, 0) / 255.0;
      out[i] = (byte) Math.round((1 - part) * (out[i] & 255) + part * drawn.at(x, y, i % 3));
    }
    return RgbImage.of(before.width(), before.height(), out);
  }
}
