package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import java.nio.file.Path;

/** {@link Identity#open}, by {@link TrainedPerson#open}. */
public final class PersonReader implements Identity.Reader {
  @Override
  public Identity.Kept open(Path file, BaseModel base) {
    return TrainedPerson.open(file, base);
  }
}
