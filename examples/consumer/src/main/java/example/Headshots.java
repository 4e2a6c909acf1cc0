package example;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import java.nio.file.Path;

// Arguments: a base model (folder or file), a folder of 3 to 20 selfies, the PNG file to write.
public class Headshots {
  public static void main(String[] args) throws Exception {
    try (BaseModel base = BaseModel.open(Path.of(args[0]))) {
      PhotoReview review = PhotoReview.of(PhotoSet.from(Path.of(args[1])));
      HeadshotStudio studio = HeadshotStudio.on(base);
      // SD 1.5 and ten photos: 1.6 hours on two Zen 4 cores. train(..) can report its progress.
      try (LoraPerson ada = studio.train(review, Consent.of("Ada: for my own use"))) {
        ShootRequest request = ShootRequest.of(Style.named("studio"), 1);
        studio.shoot(ada, request).headshots().get(0).write(Path.of(args[2]));
      }
    }
  }
}
