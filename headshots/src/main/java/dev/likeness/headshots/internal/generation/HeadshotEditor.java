package dev.likeness.headshots.internal.generation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.image.Mask;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.shoot.Upscaler;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Generates parts of a headshot again with the person's adapter. Each part is inpainted and pasted
 * by its mask, so that other pixels stay the same.
 */
public record HeadshotEditor(
    BaseModel base, Identity person, FaceDetector detector, Upscaler upscaler) {
  // Radius of the blur that separates broad light from detail, in face widths.
  private static final double LIGHT_BLUR = 0.1;
  private static final double MAX_LIGHT_GAIN = 3;

  /**
   * Parts that are generated together.
   *
   * @param parts empty if a mask or margins define the region
   * @param strength denoising strength, 0 to 1
   */
  private record Pass(Set<Style.Part> parts, double strength) {}

  public HeadshotEdit.Result edit(Headshot before, HeadshotEdit edit, Run run) {
    HeadshotEdit.Margins margins = edit.margins();
    requireSize(before.image(), margins);
    RgbImage after = InitialImage.outpaint(
            before.image(), margins.left(), margins.top(), margins.right(), margins.bottom())
        .image()
        .orElseThrow();
    // An edit by mask needs no face.
    List<Face> faces = edit.words().isEmpty() ? List.of() : detector.detect(after);
    String prompt = edit.prompt(before);
    String negative =
        PersonRecord.SharedLight.of(person).negativePrompt(before.request().negative(), prompt);
    ImageRequest same = HeadshotGenerator.withGuidance(before.request(), base)
        .prompt(prompt)
        .seed(edit.seed())
        .withoutHires()
        .withoutNoise()
        .count(1);
    ImageRequest request = same.prompts(
        negative.isEmpty() ? same.prompts().withoutNegative() : same.prompts().negative(negative));
    Inpainting inpainting =
        new Inpainting(base, withPersonAdapter(request, before.identityStrength()), upscaler);
    RgbImage changed = null;
    for (Pass pass : passes(edit)) {
      RgbImage mask = mask(before.image(), after, edit, pass.parts(), faces);
      RgbImage generated =
          before.style().convertColours(inpainting.inpaint(after, mask, pass.strength(), run));
      boolean lit = pass.parts().contains(Style.Part.LIGHT)
          && !EditMask.changesFace(pass.parts())
          && !faces.isEmpty();
      after = Mask.of(mask).paste(lit ? relight(after, generated, faces.get(0)) : generated, after);
      changed = changed == null ? mask : EditMask.union(changed, mask);
    }
    Headshot edited = new Headshot(
        after,
        before.style().withWords(edit.words()),
        edit.seed(),
        request.size(after.width(), after.height()),
        before.identityStrength(),
        true);
    return new HeadshotEdit.Result(before, edited, changed);
  }

  /**
   * One pass for each part with its default strength, the strongest first. A single pass if the
   * edit has a mask, margins or a strength.
   */
  private static List<Pass> passes(HeadshotEdit edit) {
    List<Style.Part> parts = edit.words().keySet().stream()
        .sorted(Comparator.comparingDouble(Style.Part::strength).reversed())
        .toList();
    if (edit.mask().isEmpty() && !edit.margins().isNonZero() && edit.strength().isEmpty()) {
      return parts.stream().map(part -> new Pass(Set.of(part), part.strength())).toList();
    }
    double most =
        parts.isEmpty() ? Style.Part.BACKDROP.strength() : parts.get(0).strength();
    return List.of(new Pass(edit.words().keySet(), edit.strength().orElse(most)));
  }

  private static void requireSize(RgbImage before, HeadshotEdit.Margins margins) {
    int width = before.width() + margins.left() + margins.right();
    int height = before.height() + margins.top() + margins.bottom();
    if (margins.isNonZero() && Math.max(width, height) > ShootRequest.MAX_SIZE) {
      throw new InvalidInputException("the extended headshot would have " + width + "x" + height
          + " pixels, and a side may have at most " + ShootRequest.MAX_SIZE
          + "; give smaller margins");
    }
  }

  private static RgbImage mask(
      RgbImage before,
      RgbImage canvas,
      HeadshotEdit edit,
      Set<Style.Part> parts,
      List<Face> faces) {
    if (edit.margins().isNonZero()) {
      return EditMask.margins(before, edit.margins(), canvas.width(), canvas.height());
    }
    if (edit.mask().isEmpty()) {
      return EditMask.of(
          before,
          faces.stream()
              .findFirst()
              .orElseThrow(() -> new InvalidInputException("no face was found in the headshot, "
                  + "so its parts cannot be located; give a mask of the region to change")),
          parts);
    }
    RgbImage white = edit.mask().get().image();
    if (white.width() != before.width() || white.height() != before.height()) {
      throw new InvalidInputException(
          "the mask has " + white.width() + "x" + white.height() + " pixels and the headshot "
              + before.width() + "x" + before.height() + "; give a mask of the headshot's size");
    }
    return white;
  }

  /**
   * The same settings with the adapter of this person, in place of the adapters of the headshot's
   * request. The headshot itself gives the pose, so that control images are left out.
   */
  private ImageRequest withPersonAdapter(ImageRequest request, double likeness) {
    return Inpainting.sameSettings(request)
        .adapter(ModelAdapter.of(person.at(likeness)).withoutControls());
  }

  /**
   * Transfers the broad light of the generated image to the face, and keeps the face's own detail:
   * the quotient image of Shashua and Riklin-Raviv (TPAMI 23, 2001).
   */
  private static RgbImage relight(RgbImage before, RgbImage generated, Face face) {
    BoundingBox box = face.box();
    RgbImage was = EditMask.blur(before, LIGHT_BLUR * box.width());
    RgbImage is = EditMask.blur(generated, LIGHT_BLUR * box.width());
    byte[] out = generated.rgb();
    for (int i = 0; i < out.length; i++) {
      int x = i / 3 % generated.width();
      int y = i / 3 / generated.width();
      double ratio = (is.at(x, y, i % 3) + 8.0) / (was.at(x, y, i % 3) + 8.0);
      double lit =
          before.at(x, y, i % 3) * Math.max(1 / MAX_LIGHT_GAIN, Math.min(MAX_LIGHT_GAIN, ratio));
      double part = EditMask.ellipse(box, x, y);
      out[i] = (byte) Math.round(Math.min(255, part * lit + (1 - part) * (out[i] & 255)));
    }
    return RgbImage.of(generated.width(), generated.height(), out);
  }
}
