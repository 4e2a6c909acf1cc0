package dev.likeness.headshots.person;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.ImagePrompt;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleFunction;

/** A person from a file, such as a LoRA. The metadata of the file has the data of the photos. */
record FilePerson(Identity person) implements PhotoPerson {
  @Override
  public List<FaceEmbeddings> guidanceFaces() {
    return record().guidanceFaces().stream().toList();
  }

  @Override
  public DoubleFunction<Adapter> guidedBy(FaceGuidance guidance, List<float[]> faces) {
    Identity face = guidance.forPerson(faces);
    Optional<ImagePrompt> reference = guidance.imagePrompt(faces);
    return identityStrength -> {
      Adapter own = person.at(GuidedPerson.LORA_SHARE * identityStrength);
      return reference
          .map(prompt ->
              own.and(prompt.at(IdentityStrength.WITH_LORA_AND_GUIDANCE_SCALE * identityStrength)))
          .orElse(own)
          .and(face.at(identityStrength));
    };
  }

  @Override
  public PersonRecord.SharedLight sharedLight() {
    return record().light();
  }

  private PersonRecord record() {
    return PersonRecord.of(person);
  }

  @Override
  public Adapter at(double weight) {
    return person.at(weight);
  }

  @Override
  public String phrase() {
    return person.phrase();
  }

  @Override
  public Optional<Consent> consent() {
    return person.consent();
  }

  @Override
  public Identity withConsent(Consent consent) {
    return person.withConsent(consent);
  }

  @Override
  public Optional<String> baseMismatch(BaseModel model) {
    return person.baseMismatch(model);
  }

  @Override
  public Map<String, String> metadata() {
    return person.metadata();
  }
}
