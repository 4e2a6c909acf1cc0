/**
 * Reference images and their embeddings, as values that can be kept.
 *
 * <p>A {@link Reference} is an image, a face embedding, or both, with a weight.
 * {@link ReferenceEmbeddings} are what the encoders made of references: they can be saved, so that
 * the photos need not be kept, and used again without an image encoder. An {@link EmbeddingOrigin}
 * names the encoder and face embedder that made them; an adapter refuses those of another. They are
 * biometric data.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best());
 *     IpAdapter adapter = IpAdapter.open(Path.of("ip-adapter.safetensors"), base)) {
 *   ReferenceEmbeddings ada = ReferenceEmbeddings.open(Path.of("ada.safetensors"));
 *   base.generate(ImageRequest.of("portrait").adapter(adapter.prompt(ada).at(0.7)));
 * }
 * }</pre>
 */
package dev.likeness.ipadapter.reference;
