package dev.likeness.benchmarks.gpu;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.portrait.PortraitModel;
import java.util.List;

/** A generation of the embedded model with face guidance towards a made-up face. */
final class FaceItem {
  /** The face that both devices steer to; the first generation makes it. */
  private static float[] person;

  private FaceItem() {}

  static float[] generate(Compute compute, boolean isTiny, ProofLog log) {
    try (CascadeDetector detector = new CascadeDetector();
        BaseModel base = BaseModel.open(PortraitModel.files(), compute);
        FaceGuidance guidance =
            FaceGuidance.findIn(PortraitModel.files(), base, detector).orElseThrow()) {
      if (person == null) {
        RgbImage selfie =
            base.generate(ImageRequest.of("selfie of a man").steps(12)).image();
        person = guidance.embedder().embed(selfie, detector.detect(selfie).get(0));
      }
      ImageRequest request = ImageRequest.of("headshot of a woman").steps(isTiny ? 4 : 12);
      float[] plain = base.generate(request).pixels();
      float[] guided = base.generate(
              request.adapter(guidance.forPerson(List.of(person)).at(1)))
          .pixels();
      double moved = 0;
      for (int i = 0; i < plain.length; i++) {
        moved = Math.max(moved, Math.abs(plain[i] - guided[i]));
      }
      log.found("f.face.moved." + compute.device(), moved, "of 1");
      return guided;
    }
  }
}
