package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.InitialImage;
import dev.likeness.diffusion.adapt.Identity;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.photos.face.Box;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.pixels.Resampler;
import java.util.List;

/**
 * Draws parts of a headshot anew with the person attached: masked image-to-image at a size that the base knows, enlarged
 * as pictures of a shoot are, and laid over the headshot by the mask, so that everything else stays to the pixel.
 */
record Editing(BaseModel base, Identity person, FaceDetector detector) {
  // The broad light of a face is what is left after a blur of so much of its width.
  private static final double BROAD = 0.1;
  private static final double MOST_LIGHT = 3;

  EditedHeadshot of(Headshot before, HeadshotEdit edit, Progress progress, Cancellation cancellation) {
    HeadshotEdit.Margins margins = edit.margins();
    InitialImage canvas = InitialImage.extended(before.picture(), margins.left(), margins.top(), margins.right(),
        margins.bottom());
    Picture picture = canvas.picture();
    Picture mask = mask(before.picture(), picture, edit);
    ImageRequest request = before.request().prompt(edit.prompt(before)).seed(edit.seed()).hires(null).noise(null).count(1);
    Picture drawn = before.style().developed(
        drawn(picture, mask, request, before.likeness(), edit.drawnAnew(), progress, cancellation));
    boolean lit = edit.words().containsKey(EditPart.LIGHT) && !edit.words().containsKey(EditPart.EXPRESSION);
    Picture whole = lit ? relit(picture, drawn, face(picture)) : drawn;
    Headshot after = new Headshot(blended(picture, whole, mask), before.style(), edit.seed(),
        request.size(picture.width(), picture.height()), before.likeness());
    return new EditedHeadshot(before, after, mask);
  }

  private Picture mask(Picture before, Picture canvas, HeadshotEdit edit) {
    if (edit.margins().any()) {
      return EditMask.margins(before, edit.margins(), canvas.width(), canvas.height());
    }
    if (edit.mask().isEmpty()) {
      return EditMask.of(before, face(before), edit.words().keySet());
    }
    Picture white = edit.mask().get().white();
    if (white.width() != before.width() || white.height() != before.height()) {
      throw new UnusableInput("the mask has " + white.width() + "x" + white.height() + " pixels and the headshot "
          + before.width() + "x" + before.height() + "; give a mask of the headshot's size");
    }
    return white;
  }

  private Face face(Picture picture) {
    List<Face> faces = detector.detect(picture);
    if (faces.isEmpty()) {
      throw new UnusableInput("no face is seen in the headshot, so its parts cannot be found; give a mask of what to draw");
    }
    return faces.get(0);
  }

  private Picture drawn(Picture picture, Picture mask, ImageRequest request, double likeness, double strength,
      Progress progress, Cancellation cancellation) {
    int most = (int) (Enlargement.AT_ONCE * base.defaults().width());
    int unit = Math.max(base.parts().autoencoder().factor(), base.defaults().width() / 8);
    double scale = Math.min(1, (double) most / Math.max(picture.width(), picture.height()));
    int width = sides(scale * picture.width(), unit);
    int height = sides(scale * picture.height(), unit);
    ImageRequest over = adapted(request, likeness).size(width, height).from(InitialImage
        .of(resized(picture, width, height)).strength(strength).mask(resized(mask, width, height)));
    Picture small = base.generate(over, progress, cancellation).get(0).picture();
    Picture large = scale == 1 ? small : Enlargement.of(base, adapted(request, likeness), small,
        sides(picture.width(), unit), sides(picture.height(), unit), Enlarger.CUBIC, progress, cancellation);
    return resized(large, picture.width(), picture.height());
  }

  /** Drawn as this person, whoever the headshot's request was adapted by. */
  private ImageRequest adapted(ImageRequest request, double likeness) {
    return ShootRequest.guided(ImageRequest.of(request.prompt()).negative(request.negative()).steps(request.steps())
        .guidance(request.guidance()).seed(request.seed()).as(person.at(likeness)), base);
  }

  private static int sides(double length, int unit) {
    return (int) Math.max(1, Math.round(length / unit)) * unit;
  }

  private static Picture resized(Picture picture, int width, int height) {
    return picture.width() == width && picture.height() == height ? picture
        : (width < picture.width() ? Resampler.AREA : Resampler.CUBIC).resize(picture, width, height);
  }

  /** On the face, what was there in the broad light of what was drawn: Shashua and Riklin-Raviv, TPAMI 23, 2001. */
  private static Picture relit(Picture before, Picture drawn, Face face) {
    Box box = face.box();
    Picture was = EditMask.soft(before, BROAD * box.width());
    Picture is = EditMask.soft(drawn, BROAD * box.width());
    byte[] out = drawn.rgb();
    for (int i = 0; i < out.length; i++) {
      int x = i / 3 % drawn.width();
      int y = i / 3 / drawn.width();
      double ratio = (is.at(x, y, i % 3) + 8.0) / (was.at(x, y, i % 3) + 8.0);
      double lit = before.at(x, y, i % 3) * Math.max(1 / MOST_LIGHT, Math.min(MOST_LIGHT, ratio));
      double part = EditMask.oval(box, x, y);
      out[i] = (byte) Math.round(Math.min(255, part * lit + (1 - part) * (out[i] & 255)));
    }
    return Picture.of(drawn.width(), drawn.height(), out);
  }

  private static Picture blended(Picture before, Picture drawn, Picture mask) {
    byte[] out = before.rgb();
    for (int i = 0; i < out.length; i++) {
      int x = i / 3 % before.width();
      int y = i / 3 / before.width();
      double part = mask.at(x, y, 0) / 255.0;
      out[i] = (byte) Math.round((1 - part) * (out[i] & 255) + part * drawn.at(x, y, i % 3));
    }
    return Picture.of(before.width(), before.height(), out);
  }
}
