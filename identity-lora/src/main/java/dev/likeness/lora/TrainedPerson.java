package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.internal.file.LoraMetadata;
import dev.likeness.lora.internal.training.TrainingObjective;
import dev.likeness.lora.training.AdapterAlgorithm;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.PersonToken;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A person that a base model was trained on: a LoRA and the token that names the person. One small
 * safetensors file, which peft and diffusers open as the LoRA it is; ComfyUI, A1111 and kohya's
 * scripts, which name a UNet's layers otherwise, open what {@link Lora#save} writes of
 * {@link #lora} in {@link dev.likeness.lora.file.KeyFormat#KOHYA}. Shared by threads; owns its
 * tensors until closed.
 *
 * @param lora the changes
 * @param personToken what prompts call the person, and who agreed to it
 * @param baseName the base model's name
 * @param recipe the settings that made it
 * @param notes what else the file says of them: names to texts
 */
public record TrainedPerson(
    Lora lora, PersonToken personToken, String baseName, String recipe, Map<String, String> notes)
    implements Identity.Loaded {
  public static final String TOKEN_KEY = LoraMetadata.TOKEN;
  public static final String CLASS_WORD_KEY = LoraMetadata.CLASS_WORD;
  public static final String CONSENT_KEY = LoraMetadata.CONSENT;
  private static final String BASE_KEY = LoraMetadata.BASE;
  private static final String RECIPE_KEY = "likeness.recipe";

  public TrainedPerson {
    notes = Map.copyOf(notes);
  }

  /**
   * Opens a person's file for the base model they were taught to.
   *
   * @throws InvalidInputException when the file is broken, does not fit the base, or is a LoRA that
   *     names no person
   */
  public static TrainedPerson open(Path file, BaseModel base) {
    Lora lora = Lora.open(file, base);
    Map<String, String> notes = lora.metadata();
    if (notes.getOrDefault(CLASS_WORD_KEY, "").isBlank()) {
      lora.close();
      throw new InvalidInputException(file + " is a LoRA, but its header does not name the person ("
          + CLASS_WORD_KEY + "); use it as a LoRA and name the person in the prompt");
    }
    String token = notes.getOrDefault(TOKEN_KEY, "");
    PersonToken subject =
        new PersonToken(token, notes.get(CLASS_WORD_KEY), notes.getOrDefault(CONSENT_KEY, ""));
    return new TrainedPerson(
        lora, subject, notes.getOrDefault(BASE_KEY, ""), notes.getOrDefault(RECIPE_KEY, ""), notes);
  }

  static TrainedPerson of(
      LoraDeltas changes,
      TensorRegion region,
      LoraTraining settings,
      PersonToken subject,
      BaseModel base) {
    String family = LayerTable.of(base.unwrap(OpenModel.class)).kind();
    LoraAlgorithm kind = settings.optimizerOptions().algorithm() == AdapterAlgorithm.LOKR
        ? LoraAlgorithm.LOKR
        : LoraAlgorithm.LORA;
    String recipe = TrainingObjective.effectiveSettings(settings, base.unwrap(OpenModel.class))
        .toString();
    Map<String, String> header = header(subject, base.name(), recipe, Map.of());
    LoraInspection report =
        LoraMetadata.made(family, kind, changes.weights().size(), settings.rank(), header);
    Lora lora = new Lora(changes, header, report, region, base.unwrap(OpenModel.class));
    return new TrainedPerson(lora, subject, base.name(), recipe, Map.of());
  }

  /**
   * The same person with another text in their file; the tensors are shared, and closed once for
   * both.
   */
  public TrainedPerson withNote(String name, String text) {
    Map<String, String> more = new LinkedHashMap<>(notes);
    more.put(name, text);
    return new TrainedPerson(lora, personToken, baseName, recipe, more);
  }

  /**
   * The same person, called otherwise from now on; the tensors are shared, and closed once for
   * both.
   */
  public TrainedPerson withPersonToken(PersonToken other) {
    return new TrainedPerson(lora, other, baseName, recipe, notes);
  }

  @Override
  public Optional<String> baseMismatch(BaseModel model) {
    return baseName.isEmpty() || baseName.equals(model.name())
        ? Optional.empty()
        : Optional.of("the person was taught to " + baseName + " and is drawn with " + model.name()
            + ", which fits but is likely to resemble them less; learn them again on "
            + model.name());
  }

  @Override
  public Adapter at(double weight) {
    return lora.at(weight);
  }

  @Override
  public String phrase() {
    return personToken.phrase();
  }

  /** Who agreed to what, as the person's file says; empty where it says nothing. */
  @Override
  public Optional<Consent> consent() {
    return Optional.of(personToken.consent()).filter(text -> !text.isBlank()).map(Consent::parse);
  }

  /**
   * The same person with this consent, which {@link #save} writes; the tensors are shared, and
   * closed once for both.
   */
  @Override
  public TrainedPerson withConsent(Consent consent) {
    return withPersonToken(personToken.consent(consent));
  }

  /**
   * Writes the person's file, whole or not at all: factors in f16 under peft's names, and the notes
   * in its header. A new one is readable by its owner alone.
   */
  public void save(Path file) {
    Map<String, String> header = header(personToken, baseName, recipe, notes);
    LoraMetadata.of(lora.inspection(), phrase()).forEach(header::putIfAbsent);
    lora.save(file, KeyFormat.PEFT, header);
  }

  /** The header of a person trained this way. */
  static Map<String, String> header(
      PersonToken subject, String base, String recipe, Map<String, String> more) {
    Map<String, String> header = new LinkedHashMap<>(more);
    header.put(TOKEN_KEY, subject.token());
    header.put(CLASS_WORD_KEY, subject.classWord());
    header.put(CONSENT_KEY, subject.consent());
    header.put(BASE_KEY, base);
    header.put(RECIPE_KEY, recipe);
    return header;
  }

  @Override
  public void close() {
    lora.close();
  }

  /** Nothing of the person: it may be logged. */
  @Override
  public String toString() {
    return "a person trained on " + baseName + ", rank " + lora.inspection().rank() + ", "
        + notes.size() + " notes";
  }

  /** {@link Identity#open}, by {@link TrainedPerson#open}. */
  public static final class PersonReader implements Identity.Reader {
    @Override
    public Identity.Loaded open(Path file, BaseModel base) {
      return TrainedPerson.open(file, base);
    }
  }
}
