package dev.likeness.portrait.evaluation;

import java.util.List;

/**
 * One way of coming to know a person, of those that are compared.
 *
 * @param name of its row
 * @param way how they are learnt
 * @param selfies how many photos
 * @param alike whether the photos are nearly one and the same
 * @param named whether the person is called by a rare word: preserving the class needs one, since
 *     the class word alone cannot mean the person and everybody else
 * @param classImages images of others that are learnt beside them, to keep these as they are
 * @param rate of learning, 0 for the recipe's own
 */
record LikenessCase(
    String name, Way way, int selfies, boolean alike, boolean named, int classImages, double rate) {
  /** How somebody is learnt. */
  enum Way {
    NOT_AT_ALL,
    LORA,
    DREAMBOOTH
  }

  /** The drawing without a person, which all others are compared with. */
  static final LikenessCase CONTROL =
      new LikenessCase("control", Way.NOT_AT_ALL, 10, false, false, 0, 0);

  /** As people are usually learnt. */
  static final LikenessCase TEN = lora("10 selfies", 10, false);

  /**
   * Every row of the tables. No rate of a whole small model is known to be the best, so several
   * stand side by side.
   */
  static final List<LikenessCase> ALL = List.of(
      CONTROL,
      lora("3 selfies", 3, false),
      lora("6 selfies", 6, false),
      TEN,
      lora("20 selfies", 20, false),
      lora("30 nearly alike", 30, true),
      new LikenessCase("10 selfies, rare word", Way.LORA, 10, false, true, 0, 0),
      new LikenessCase("10 selfies, rare word, prior preserved", Way.LORA, 10, false, true, 40, 0),
      whole(3e-5),
      whole(1e-4),
      whole(3e-4));

  private static LikenessCase lora(String name, int selfies, boolean alike) {
    return new LikenessCase(name, Way.LORA, selfies, alike, false, 0, 0);
  }

  private static LikenessCase whole(double rate) {
    return new LikenessCase(
        "10 selfies, DreamBooth at " + rate, Way.DREAMBOOTH, 10, false, false, 0, rate);
  }

  /** The name as part of a file's. */
  String file() {
    return name.replaceAll("\\W+", "-");
  }
}
