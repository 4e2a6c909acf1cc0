package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.file.FaceMetadata;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.file.LayerTable;
import dev.likeness.lora.internal.file.LoraMetadata;
import dev.likeness.lora.internal.training.TrainingObjective;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A person that a base model was trained on: a LoRA and the token that names the person. It is
 * saved as one small safetensors file in peft's key format. diffusers opens this file if it
 * contains a LoRA or DoRA; for FLUX.2 klein and Z-Image, also if it contains a LoKr. For FLUX.1,
 * FLUX.2 klein and Z-Image, ComfyUI opens this file if it contains a LoRA, LoKr or LoHa.
 *
 * <p>For A1111, for kohya's scripts, and for ComfyUI with a DoRA or with other bases, save
 * {@link #lora} in the format {@link dev.likeness.lora.file.KeyFormat#KOHYA}. Thread-safe; owns its
 * tensors until closed.
 */
public final class LoraPerson implements Identity.Loaded {
  /** The key of the person's token in the metadata of a person file. */
  public static final String TOKEN_KEY = LoraMetadata.TOKEN;
  /** The key of the class word in the metadata of a person file. */
  public static final String CLASS_WORD_KEY = LoraMetadata.CLASS_WORD;
  /** The key of the person's consent in the metadata of a person file. */
  public static final String CONSENT_KEY = LoraMetadata.CONSENT;

  private static final String BASE_KEY = LoraMetadata.BASE;
  private static final String SETTINGS_KEY = "likeness.training_settings";
  // The key in files of earlier versions.
  private static final String FORMER_SETTINGS_KEY = "likeness.recipe";

  private final Lora lora;
  private final PersonToken personToken;
  private final String baseName;
  private final String trainingSettings;
  private final Map<String, String> metadata;

  /**
   * Creates a person object, which owns the adapter.
   *
   * @param lora the trained adapter
   * @param personToken the words that prompts use for the person, and the person's consent
   * @param baseName name of the base model that the person was trained on; empty if unknown
   * @param trainingSettings the settings of the training, as readable text
   * @param metadata additional metadata that {@link #save} writes to the file
   */
  public LoraPerson(
      Lora lora,
      PersonToken personToken,
      String baseName,
      String trainingSettings,
      Map<String, String> metadata) {
    this.lora = lora;
    this.personToken = personToken;
    this.baseName = baseName;
    this.trainingSettings = trainingSettings;
    this.metadata = Map.copyOf(metadata);
  }

  /** {@return the trained adapter, which this person owns} */
  public Lora lora() {
    return lora;
  }

  /** {@return the words that prompts use for the person, and the person's consent} */
  public PersonToken personToken() {
    return personToken;
  }

  /** {@return the name of the base model that the person was trained on; empty if unknown} */
  public String baseName() {
    return baseName;
  }

  /** {@return the settings of the training, as readable text} */
  public String trainingSettings() {
    return trainingSettings;
  }

  /**
   * {@return the additional metadata that {@link #save} writes, as an unmodifiable map} If the
   * person was opened from a file, the map has all metadata of the file.
   */
  @Override
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Opens a person's file for a base model.
   *
   * @param file a file that {@link #save} wrote
   * @param base the base model that the person was trained on
   * @return the person; the caller closes it
   * @throws InvalidInputException if the file is broken, does not fit the base, has face embeddings
   *     that are no vectors of unit length, or is a LoRA that names no person
   */
  public static LoraPerson open(Path file, BaseModel base) {
    return open(file, base, Run.silent());
  }

  /**
   * Opens a person's file for a base model. With a run, the call can be cancelled.
   *
   * @param file a file that {@link #save} wrote
   * @param base the base model that the person was trained on
   * @param run receives the outcome, and stops the work if it is cancelled
   * @return the person; the caller closes it
   * @throws InvalidInputException if the file is broken, does not fit the base, has face embeddings
   *     that are no vectors of unit length, or is a LoRA that names no person
   * @throws dev.likeness.diffusion.error.CancelledException if the run is cancelled
   */
  public static LoraPerson open(Path file, BaseModel base, Run run) {
    return run.report(() -> read(file, base, run.cancellation()));
  }

  private static LoraPerson read(Path file, BaseModel base, Cancellation cancellation) {
    Lora lora = Lora.open(file, base, Run.of(cancellation));
    Map<String, String> metadata = lora.metadata();
    if (metadata.getOrDefault(CLASS_WORD_KEY, "").isBlank()) {
      lora.close();
      throw new InvalidInputException(
          file + " is a LoRA, but its metadata does not name the person (" + CLASS_WORD_KEY
              + "); use it as a LoRA and name the person in the prompt");
    }
    try {
      FaceMetadata.check(metadata, file.toString());
    } catch (InvalidInputException e) {
      lora.close();
      throw e;
    }
    String token = metadata.getOrDefault(TOKEN_KEY, "");
    PersonToken subject = new PersonToken(
        token, metadata.get(CLASS_WORD_KEY), metadata.getOrDefault(CONSENT_KEY, ""));
    String settings =
        metadata.getOrDefault(SETTINGS_KEY, metadata.getOrDefault(FORMER_SETTINGS_KEY, ""));
    return new LoraPerson(lora, subject, metadata.getOrDefault(BASE_KEY, ""), settings, metadata);
  }

  static LoraPerson of(
      LoraDeltas changes,
      TensorRegion region,
      TrainingSettings settings,
      PersonToken subject,
      BaseModel base) {
    String family = LayerTable.of(EngineAccess.model(base)).kind();
    LoraAlgorithm kind =
        switch (settings.algorithm()) {
          case LOKR -> LoraAlgorithm.LOKR;
          case LOHA -> LoraAlgorithm.LOHA;
          case LORA, DORA -> LoraAlgorithm.LORA;
        };
    String trainingSettings =
        TrainingObjective.effectiveSettings(settings, EngineAccess.model(base)).toString();
    Map<String, String> own = metadata(subject, base.name(), trainingSettings, Map.of());
    LoraInspection report =
        LoraMetadata.made(family, kind, changes.weights().size(), settings.rank(), own);
    Lora lora = new Lora(changes, own, report, region, EngineAccess.model(base));
    return new LoraPerson(lora, subject, base.name(), trainingSettings, Map.of());
  }

  /**
   * Returns a copy of this person with an additional entry for the metadata of its file. Both
   * objects share their tensors; close only one of them.
   *
   * @param name key of the entry
   * @param text value of the entry
   * @return the changed copy
   */
  public LoraPerson withMetadata(String name, String text) {
    Map<String, String> more = new LinkedHashMap<>(metadata);
    more.put(name, text);
    return new LoraPerson(lora, personToken, baseName, trainingSettings, more);
  }

  /**
   * Returns a copy of this person with the given token, class word and consent.
   *
   * @param other the token, class word and consent
   * @return the changed person. Both objects share their tensors; close only one of them
   */
  public LoraPerson withPersonToken(PersonToken other) {
    return new LoraPerson(lora, other, baseName, trainingSettings, metadata);
  }

  @Override
  public Optional<String> baseMismatch(BaseModel model) {
    return baseName.isEmpty() || baseName.equals(model.name())
        ? Optional.empty()
        : Optional.of("the person was trained on " + baseName + " and is used with " + model.name()
            + ", which may lower the likeness; train the person again on "
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

  /**
   * {@return the person's consent; empty if none is stored}
   *
   * @throws InvalidInputException if the stored consent is broken JSON
   */
  @Override
  public Optional<Consent> consent() {
    return Optional.of(personToken.consent()).filter(text -> !text.isBlank()).map(Consent::parse);
  }

  /**
   * Returns a copy of this person with the given consent, which {@link #save} writes.
   *
   * @param consent the consent of the person
   * @return the changed person. Both objects share their tensors; close only one of them
   */
  @Override
  public LoraPerson withConsent(Consent consent) {
    return withPersonToken(personToken.consent(consent));
  }

  /**
   * Writes the person's file: the LoRA's factors as f16 in peft's key format. The metadata contains
   * the token, class word, consent, training settings and {@link #metadata}. The file is written
   * completely or not at all. If the file is new, only its owner can read it.
   *
   * @param file the file to write; an existing file is replaced
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void save(Path file) {
    Map<String, String> written = metadata(personToken, baseName, trainingSettings, metadata);
    LoraMetadata.of(lora.inspection(), phrase()).forEach(written::putIfAbsent);
    // The training took long and the file takes a moment, so a cancellation does not stop it.
    CurrentWork.finish(() -> lora.save(file, KeyFormat.PEFT, written));
  }

  /** {@return the metadata of a trained person} */
  static Map<String, String> metadata(
      PersonToken subject, String base, String trainingSettings, Map<String, String> more) {
    Map<String, String> metadata = new LinkedHashMap<>(more);
    metadata.put(TOKEN_KEY, subject.token());
    metadata.put(CLASS_WORD_KEY, subject.classWord());
    metadata.put(CONSENT_KEY, subject.consent());
    metadata.put(BASE_KEY, base);
    metadata.remove(FORMER_SETTINGS_KEY);
    metadata.put(SETTINGS_KEY, trainingSettings);
    return metadata;
  }

  @Override
  public void close() {
    lora.close();
  }

  /** Returns a text without personal data, so it may be logged. */
  @Override
  public String toString() {
    return "a person trained on " + baseName + ", rank " + lora.inspection().rank() + ", "
        + metadata.size() + " entries of metadata";
  }

  /** The reader that {@link Identity#open} uses for files of {@link LoraPerson}. */
  public static final class PersonReader implements Identity.Reader {
    /** Creates the reader; {@link java.util.ServiceLoader} calls this constructor. */
    public PersonReader() {}

    @Override
    public Identity.Loaded open(Path file, BaseModel base) {
      return LoraPerson.open(file, base);
    }
  }
}
