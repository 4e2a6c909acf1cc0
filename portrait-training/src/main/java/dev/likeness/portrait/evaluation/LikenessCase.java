package dev.likeness.portrait.evaluation;

import java.util.List;

/**
 * One way of coming to know a person, of those that are compared.
 *
 * @param name of its row
 * @param way how they are learnt
 * @param selfies how many photos
 * @param alike whether the photos are nearly one and the same
 * @param classPictures pictures of others that are learnt beside them, to keep these as they are
 */
record LikenessCase(String name, Way way, int selfies, boolean alike, int classPictures) {
  /** How somebody is learnt. */
  enum Way { NOT_AT_ALL, LORA, DREAMBOOTH }

  /** The drawing without a person, which all others are compared with. */
  static final LikenessCase CONTROL = new LikenessCase("control", Way.NOT_AT_ALL, 10, false, 0);

  /** Every row of the tables. */
  static final List<LikenessCase> ALL = List.of(CONTROL, lora("3 selfies", 3, false), lora("6 selfies", 6, false),
      lora("10 selfies", 10, false), lora("20 selfies", 20, false), lora("30 nearly alike", 30, true),
      new LikenessCase("10 selfies, prior preserved", Way.LORA, 10, false, 40),
      new LikenessCase("10 selfies, DreamBooth", Way.DREAMBOOTH, 10, false, 0));

  private static LikenessCase lora(String name, int selfies, boolean alike) {
    return new LikenessCase(name, Way.LORA, selfies, alike, 0);
  }

  /** The name as part of a file's. */
  String file() {
    return name.replaceAll("\\W+", "-");
  }
}
