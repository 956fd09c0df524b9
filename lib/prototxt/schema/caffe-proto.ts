// Generated from the linked Caffe by scripts/generate-schema.js; not to be edited.

/** 'parsed': as it is read, repeated fields as arrays; 'given': as code may write it, one value in a repeated field without brackets, too. */
export type MessageForm = 'parsed' | 'given';

/** A repeated field. */
export type Repeated<Item, Form extends MessageForm> = Form extends 'given' ? Item | readonly Item[] : Item[];

/** Specifies the shape (dimensions) of a Blob. */
export interface BlobShape<Form extends MessageForm = 'parsed'> {
  dim?: Repeated<number, Form>;
}

export interface BlobProto<Form extends MessageForm = 'parsed'> {
  /** Specifies the shape (dimensions) of a Blob. */
  shape?: BlobShape<Form>;
  data?: Repeated<number, Form>;
  diff?: Repeated<number, Form>;
  double_data?: Repeated<number, Form>;
  double_diff?: Repeated<number, Form>;
  /**
   * @deprecated 4D dimensions -- deprecated.  Use "shape" instead.
   *
   * @default 0
   */
  num?: number;
  /** @default 0 */
  channels?: number;
  /** @default 0 */
  height?: number;
  /** @default 0 */
  width?: number;
}

export interface FillerParameter {
  /**
   * The filler type.
   *
   * @default "constant"
   */
  type?: string;
  /**
   * the value in constant filler
   *
   * @default 0
   */
  value?: number;
  /**
   * the min value in uniform filler
   *
   * @default 0
   */
  min?: number;
  /**
   * the max value in uniform filler
   *
   * @default 1
   */
  max?: number;
  /**
   * the mean value in Gaussian filler
   *
   * @default 0
   */
  mean?: number;
  /**
   * the std value in Gaussian filler
   *
   * @default 1
   */
  std?: number;
  /**
   * The expected number of non-zero output weights for a given input in
   * Gaussian filler -- the default -1 means don't perform sparsification.
   *
   * @default -1
   */
  sparse?: number;
  /**
   * Normalize the filler variance by fan_in, fan_out, or their average.
   * Applies to 'xavier' and 'msra' fillers.
   *
   * @default "FAN_IN"
   */
  variance_norm?: 'FAN_IN' | 'FAN_OUT' | 'AVERAGE';
}

/** A network definition (`train_val.prototxt`, `deploy.prototxt`) as a plain object. */
export interface NetParameter<Form extends MessageForm = 'parsed'> {
  /** consider giving the network a name */
  name?: string;
  /** @deprecated See InputParameter. The input blobs to the network. */
  input?: Repeated<string, Form>;
  /** @deprecated See InputParameter. The shape of the input blobs. */
  input_shape?: Repeated<BlobShape<Form>, Form>;
  /**
   * @deprecated 4D input dimensions -- deprecated.  Use "input_shape" instead.
   * If specified, for each input blob there should be four
   * values specifying the num, channels, height and width of the input blob.
   * Thus, there should be a total of (4 * #input) numbers.
   */
  input_dim?: Repeated<number, Form>;
  /**
   * Whether the network will force every layer to carry out backward operation.
   * If set False, then whether to carry out backward is determined
   * automatically according to the net structure and learning rates.
   *
   * @default false
   */
  force_backward?: boolean;
  /**
   * The current "state" of the network, including the phase, level, and stage.
   * Some layers may be included/excluded depending on this state and the states
   * specified in the layers' include and exclude fields.
   */
  state?: NetState<Form>;
  /**
   * Print debugging information about results while running Net::Forward,
   * Net::Backward, and Net::Update.
   *
   * @default false
   */
  debug_info?: boolean;
  /**
   * The layers that make up the net.  Each of their configurations, including
   * connectivity and behavior, is specified as a LayerParameter.
   *
   * ID 100 so layers are printed last.
   */
  layer?: Repeated<LayerParameter<Form>, Form>;
  /** @deprecated use 'layer' instead. */
  layers?: Repeated<V1LayerParameter<Form>, Form>;
}

/** A solver definition (`solver.prototxt`) as a plain object. */
export interface SolverParameter<Form extends MessageForm = 'parsed'> {
  /**
   * Proto filename for the train net, possibly combined with one or more
   * test nets.
   */
  net?: string;
  /** Inline train net param, possibly combined with one or more test nets. */
  net_param?: NetParameter<Form>;
  /** Proto filename for the train net. */
  train_net?: string;
  /** Proto filenames for the test nets. */
  test_net?: Repeated<string, Form>;
  /** Inline train net params. */
  train_net_param?: NetParameter<Form>;
  /** Inline test net params. */
  test_net_param?: Repeated<NetParameter<Form>, Form>;
  /**
   * The states for the train/test nets. Must be unspecified or
   * specified once per net.
   *
   * By default, train_state will have phase = TRAIN,
   * and all test_state's will have phase = TEST.
   * Other defaults are set according to the NetState defaults.
   */
  train_state?: NetState<Form>;
  test_state?: Repeated<NetState<Form>, Form>;
  /** The number of iterations for each test net. */
  test_iter?: Repeated<number, Form>;
  /**
   * The number of iterations between two testing phases.
   *
   * @default 0
   */
  test_interval?: number;
  /** @default false */
  test_compute_loss?: boolean;
  /**
   * If true, run an initial test pass before the first iteration,
   * ensuring memory availability and printing the starting value of the loss.
   *
   * @default true
   */
  test_initialization?: boolean;
  /** The base learning rate */
  base_lr?: number;
  /**
   * the number of iterations between displaying info. If display = 0, no info
   * will be displayed.
   */
  display?: number;
  /**
   * Display the loss averaged over the last average_loss iterations
   *
   * @default 1
   */
  average_loss?: number;
  /** the maximum number of iterations */
  max_iter?: number;
  /**
   * accumulate gradients over `iter_size` x `batch_size` instances
   *
   * @default 1
   */
  iter_size?: number;
  /**
   * The learning rate decay policy. The currently implemented learning rate
   * policies are as follows:
   *    - fixed: always return base_lr.
   *    - step: return base_lr * gamma ^ (floor(iter / step))
   *    - exp: return base_lr * gamma ^ iter
   *    - inv: return base_lr * (1 + gamma * iter) ^ (- power)
   *    - multistep: similar to step but it allows non uniform steps defined by
   *      stepvalue
   *    - poly: the effective learning rate follows a polynomial decay, to be
   *      zero by the max_iter. return base_lr (1 - iter/max_iter) ^ (power)
   *    - sigmoid: the effective learning rate follows a sigmod decay
   *      return base_lr ( 1/(1 + exp(-gamma * (iter - stepsize))))
   *
   * where base_lr, max_iter, gamma, step, stepvalue and power are defined
   * in the solver parameter protocol buffer, and iter is the current iteration.
   */
  lr_policy?: string;
  /** The parameter to compute the learning rate. */
  gamma?: number;
  /** The parameter to compute the learning rate. */
  power?: number;
  /** The momentum value. */
  momentum?: number;
  /** The weight decay. */
  weight_decay?: number;
  /**
   * regularization types supported: L1 and L2
   * controlled by weight_decay
   *
   * @default "L2"
   */
  regularization_type?: string;
  /** the stepsize for learning rate policy "step" */
  stepsize?: number;
  /** the stepsize for learning rate policy "multistep" */
  stepvalue?: Repeated<number, Form>;
  /**
   * Set clip_gradients to >= 0 to clip parameter gradients to that L2 norm,
   * whenever their actual L2 norm is larger.
   *
   * @default -1
   */
  clip_gradients?: number;
  /**
   * The snapshot interval
   *
   * @default 0
   */
  snapshot?: number;
  /**
   * The prefix for the snapshot.
   * If not set then is replaced by prototxt file path without extension.
   * If is set to directory then is augmented by prototxt file name
   * without extention.
   */
  snapshot_prefix?: string;
  /**
   * whether to snapshot diff in the results or not. Snapshotting diff will help
   * debugging but the final protocol buffer size will be much larger.
   *
   * @default false
   */
  snapshot_diff?: boolean;
  /** @default "BINARYPROTO" */
  snapshot_format?: 'HDF5' | 'BINARYPROTO';
  /**
   * the mode solver will use: 0 for CPU and 1 for GPU. Use GPU in default.
   *
   * @default "GPU"
   */
  solver_mode?: 'CPU' | 'GPU';
  /**
   * the device_id will that be used in GPU mode. Use device_id = 0 in default.
   *
   * @default 0
   */
  device_id?: number;
  /**
   * If non-negative, the seed with which the Solver will initialize the Caffe
   * random number generator -- useful for reproducible results. Otherwise,
   * (and by default) initialize using a seed derived from the system clock.
   *
   * @default -1
   */
  random_seed?: number;
  /**
   * type of the solver
   *
   * @default "SGD"
   */
  type?: string;
  /**
   * numerical stability for RMSProp, AdaGrad and AdaDelta and Adam
   *
   * @default 1e-8
   */
  delta?: number;
  /**
   * parameters for the Adam solver
   *
   * @default 0.999
   */
  momentum2?: number;
  /**
   * RMSProp decay value
   * MeanSquare(t) = rms_decay*MeanSquare(t-1) + (1-rms_decay)*SquareGradient(t)
   *
   * @default 0.99
   */
  rms_decay?: number;
  /**
   * If true, print information about the state of the net that may help with
   * debugging learning problems.
   *
   * @default false
   */
  debug_info?: boolean;
  /**
   * If false, don't save a snapshot after training finishes.
   *
   * @default true
   */
  snapshot_after_train?: boolean;
  /**
   * @deprecated use type instead of solver_type
   *
   * @default "SGD"
   */
  solver_type?: 'SGD' | 'NESTEROV' | 'ADAGRAD' | 'RMSPROP' | 'ADADELTA' | 'ADAM';
  /**
   * Overlap compute and communication for data parallel training
   *
   * @default true
   */
  layer_wise_reduce?: boolean;
  /**
   * Path to caffemodel file(s) with pretrained weights to initialize finetuning.
   * Tha same as command line --weights parameter for caffe train command.
   * If command line --weights parameter is specified, it has higher priority
   * and overwrites this one(s).
   * If --snapshot command line parameter is specified, this one(s) are ignored.
   * If several model files are expected, they can be listed in a one
   * weights parameter separated by ',' (like in a command string) or
   * in repeated weights parameters separately.
   */
  weights?: Repeated<string, Form>;
}

export interface NetState<Form extends MessageForm = 'parsed'> {
  /** @default "TEST" */
  phase?: 'TRAIN' | 'TEST';
  /** @default 0 */
  level?: number;
  stage?: Repeated<string, Form>;
}

export interface NetStateRule<Form extends MessageForm = 'parsed'> {
  /**
   * Set phase to require the NetState have a particular phase (TRAIN or TEST)
   * to meet this rule.
   */
  phase?: 'TRAIN' | 'TEST';
  /**
   * Set the minimum and/or maximum levels in which the layer should be used.
   * Leave undefined to meet the rule regardless of level.
   */
  min_level?: number;
  max_level?: number;
  /**
   * Customizable sets of stages to include or exclude.
   * The net must have ALL of the specified stages and NONE of the specified
   * "not_stage"s to meet the rule.
   * (Use multiple NetStateRules to specify conjunctions of stages.)
   */
  stage?: Repeated<string, Form>;
  not_stage?: Repeated<string, Form>;
}

/**
 * Specifies training parameters (multipliers on global learning constants,
 * and the name and other settings used for weight sharing).
 */
export interface ParamSpec {
  /**
   * The names of the parameter blobs -- useful for sharing parameters among
   * layers, but never required otherwise.  To share a parameter between two
   * layers, give it a (non-empty) name.
   */
  name?: string;
  /**
   * Whether to require shared weights to have the same shape, or just the same
   * count -- defaults to STRICT if unspecified.
   *
   * - STRICT: STRICT (default) requires that num, channels, height, width each match.
   * - PERMISSIVE: PERMISSIVE requires only the count (num*channels*height*width) to match.
   */
  share_mode?: 'STRICT' | 'PERMISSIVE';
  /**
   * The multiplier on the global learning rate for this parameter.
   *
   * @default 1
   */
  lr_mult?: number;
  /**
   * The multiplier on the global weight decay for this parameter.
   *
   * @default 1
   */
  decay_mult?: number;
}

/** One layer of a {@link NetParameter}. */
export interface LayerParameter<Form extends MessageForm = 'parsed'> {
  /** the layer name */
  name?: string;
  /** the layer type */
  type?: string;
  /** the name of each bottom blob */
  bottom?: Repeated<string, Form>;
  /** the name of each top blob */
  top?: Repeated<string, Form>;
  /** The train / test phase for computation. */
  phase?: 'TRAIN' | 'TEST';
  /**
   * The amount of weight to assign each top blob in the objective.
   * Each layer assigns a default value, usually of either 0 or 1,
   * to each top blob.
   */
  loss_weight?: Repeated<number, Form>;
  /**
   * Specifies training parameters (multipliers on global learning constants,
   * and the name and other settings used for weight sharing).
   */
  param?: Repeated<ParamSpec, Form>;
  /** The blobs containing the numeric parameters of the layer. */
  blobs?: Repeated<BlobProto<Form>, Form>;
  /**
   * Specifies whether to backpropagate to each bottom. If unspecified,
   * Caffe will automatically infer whether each input needs backpropagation
   * to compute parameter gradients. If set to true for some inputs,
   * backpropagation to those inputs is forced; if set false for some inputs,
   * backpropagation to those inputs is skipped.
   *
   * The size must be either 0 or equal to the number of bottoms.
   */
  propagate_down?: Repeated<boolean, Form>;
  /**
   * Rules controlling whether and when a layer is included in the network,
   * based on the current NetState.  You may specify a non-zero number of rules
   * to include OR exclude, but not both.  If no include or exclude rules are
   * specified, the layer is always included.  If the current NetState meets
   * ANY (i.e., one or more) of the specified rules, the layer is
   * included/excluded.
   */
  include?: Repeated<NetStateRule<Form>, Form>;
  exclude?: Repeated<NetStateRule<Form>, Form>;
  /** Parameters for data pre-processing. */
  transform_param?: TransformationParameter<Form>;
  /** Parameters shared by loss layers. */
  loss_param?: LossParameter;
  /**
   * Layer type-specific parameters.
   *
   * Note: certain layers may have more than one computational engine
   * for their implementation. These layers include an Engine type and
   * engine parameter for selecting the implementation.
   * The default for the engine is set by the ENGINE switch at compile-time.
   */
  accuracy_param?: AccuracyParameter;
  argmax_param?: ArgMaxParameter;
  batch_norm_param?: BatchNormParameter;
  bias_param?: BiasParameter;
  /** Message that stores parameters used by ClipLayer */
  clip_param?: ClipParameter;
  concat_param?: ConcatParameter;
  contrastive_loss_param?: ContrastiveLossParameter;
  convolution_param?: ConvolutionParameter<Form>;
  crop_param?: CropParameter<Form>;
  data_param?: DataParameter;
  dropout_param?: DropoutParameter;
  /**
   * DummyDataLayer fills any number of arbitrarily shaped blobs with random
   * (or constant) data generated by "Fillers" (see "message FillerParameter").
   */
  dummy_data_param?: DummyDataParameter<Form>;
  eltwise_param?: EltwiseParameter<Form>;
  /** Message that stores parameters used by ELULayer */
  elu_param?: ELUParameter;
  /** Message that stores parameters used by EmbedLayer */
  embed_param?: EmbedParameter;
  /** Message that stores parameters used by ExpLayer */
  exp_param?: ExpParameter;
  /** / Message that stores parameters used by FlattenLayer */
  flatten_param?: FlattenParameter;
  /** Message that stores parameters used by HDF5DataLayer */
  hdf5_data_param?: HDF5DataParameter;
  hdf5_output_param?: HDF5OutputParameter;
  hinge_loss_param?: HingeLossParameter;
  image_data_param?: ImageDataParameter;
  infogain_loss_param?: InfogainLossParameter;
  inner_product_param?: InnerProductParameter;
  input_param?: InputParameter<Form>;
  /** Message that stores parameters used by LogLayer */
  log_param?: LogParameter;
  /** Message that stores parameters used by LRNLayer */
  lrn_param?: LRNParameter;
  memory_data_param?: MemoryDataParameter;
  mvn_param?: MVNParameter;
  parameter_param?: ParameterParameter<Form>;
  pooling_param?: PoolingParameter;
  power_param?: PowerParameter;
  /**
   * Parametric ReLU described in K. He et al, Delving Deep into Rectifiers:
   * Surpassing Human-Level Performance on ImageNet Classification, 2015.
   */
  prelu_param?: PReLUParameter;
  python_param?: PythonParameter;
  /** Message that stores parameters used by RecurrentLayer */
  recurrent_param?: RecurrentParameter;
  /** Message that stores parameters used by ReductionLayer */
  reduction_param?: ReductionParameter;
  /** Message that stores parameters used by ReLULayer */
  relu_param?: ReLUParameter;
  reshape_param?: ReshapeParameter<Form>;
  scale_param?: ScaleParameter;
  sigmoid_param?: SigmoidParameter;
  /** Message that stores parameters used by SoftmaxLayer, SoftmaxWithLossLayer */
  softmax_param?: SoftmaxParameter;
  spp_param?: SPPParameter;
  slice_param?: SliceParameter<Form>;
  /** Message that stores parameters used by SwishLayer */
  swish_param?: SwishParameter;
  tanh_param?: TanHParameter;
  /** Message that stores parameters used by ThresholdLayer */
  threshold_param?: ThresholdParameter;
  /** Message that stores parameters used by TileLayer */
  tile_param?: TileParameter;
  window_data_param?: WindowDataParameter;
}

/**
 * Message that stores parameters used to apply transformation
 * to the data layer's data
 */
export interface TransformationParameter<Form extends MessageForm = 'parsed'> {
  /**
   * For data pre-processing, we can do simple scaling and subtracting the
   * data mean, if provided. Note that the mean subtraction is always carried
   * out before scaling.
   *
   * @default 1
   */
  scale?: number;
  /**
   * Specify if we want to randomly mirror data.
   *
   * @default false
   */
  mirror?: boolean;
  /**
   * Specify if we would like to randomly crop an image.
   *
   * @default 0
   */
  crop_size?: number;
  /** mean_file and mean_value cannot be specified at the same time */
  mean_file?: string;
  /**
   * if specified can be repeated once (would subtract it from all the channels)
   * or can be repeated the same number of times as channels
   * (would subtract them from the corresponding channel)
   */
  mean_value?: Repeated<number, Form>;
  /**
   * Force the decoded image to have 3 color channels.
   *
   * @default false
   */
  force_color?: boolean;
  /**
   * Force the decoded image to have 1 color channels.
   *
   * @default false
   */
  force_gray?: boolean;
}

/** Message that stores parameters shared by loss layers */
export interface LossParameter {
  /** If specified, ignore instances with the given label. */
  ignore_label?: number;
  /**
   * For historical reasons, the default normalization for
   * SigmoidCrossEntropyLoss is BATCH_SIZE and *not* VALID.
   *
   * - FULL: Divide by the number of examples in the batch times spatial dimensions.
   *   Outputs that receive the ignore label will NOT be ignored in computing
   *   the normalization factor.
   * - VALID: Divide by the total number of output locations that do not take the
   *   ignore_label.  If ignore_label is not set, this behaves like FULL.
   * - BATCH_SIZE: Divide by the batch size.
   * - NONE: Do not normalize the loss.
   *
   * @default "VALID"
   */
  normalization?: 'FULL' | 'VALID' | 'BATCH_SIZE' | 'NONE';
  /**
   * @deprecated  Ignored if normalization is specified.  If normalization
   * is not specified, then setting this to false will be equivalent to
   * normalization = BATCH_SIZE to be consistent with previous behavior.
   */
  normalize?: boolean;
}

export interface AccuracyParameter {
  /**
   * When computing accuracy, count as correct by comparing the true label to
   * the top k scoring classes.  By default, only compare to the top scoring
   * class (i.e. argmax).
   *
   * @default 1
   */
  top_k?: number;
  /**
   * The "label" axis of the prediction blob, whose argmax corresponds to the
   * predicted label -- may be negative to index from the end (e.g., -1 for the
   * last axis).  For example, if axis == 1 and the predictions are
   * (N x C x H x W), the label blob is expected to contain N*H*W ground truth
   * labels with integer values in {0, 1, ..., C-1}.
   *
   * @default 1
   */
  axis?: number;
  /** If specified, ignore instances with the given label. */
  ignore_label?: number;
}

export interface ArgMaxParameter {
  /**
   * If true produce pairs (argmax, maxval)
   *
   * @default false
   */
  out_max_val?: boolean;
  /** @default 1 */
  top_k?: number;
  /**
   * The axis along which to maximise -- may be negative to index from the
   * end (e.g., -1 for the last axis).
   * By default ArgMaxLayer maximizes over the flattened trailing dimensions
   * for each index of the first / num dimension.
   */
  axis?: number;
}

/** Message that stores parameters used by ClipLayer */
export interface ClipParameter {
  min: number;
  max: number;
}

export interface ConcatParameter {
  /**
   * The axis along which to concatenate -- may be negative to index from the
   * end (e.g., -1 for the last axis).  Other axes must have the
   * same dimension for all the bottom blobs.
   * By default, ConcatLayer concatenates blobs along the "channels" axis (1).
   *
   * @default 1
   */
  axis?: number;
  /**
   * @deprecated alias for "axis" -- does not support negative indexing.
   *
   * @default 1
   */
  concat_dim?: number;
}

export interface BatchNormParameter {
  /**
   * If false, normalization is performed over the current mini-batch
   * and global statistics are accumulated (but not yet used) by a moving
   * average.
   * If true, those accumulated mean and variance values are used for the
   * normalization.
   * By default, it is set to false when the network is in the training
   * phase and true when the network is in the testing phase.
   */
  use_global_stats?: boolean;
  /**
   * What fraction of the moving average remains each iteration?
   * Smaller values make the moving average decay faster, giving more
   * weight to the recent values.
   * Each iteration updates the moving average @f$S_{t-1}@f$ with the
   * current mean @f$ Y_t @f$ by
   * @f$ S_t = (1-\beta)Y_t + \beta \cdot S_{t-1} @f$, where @f$ \beta @f$
   * is the moving_average_fraction parameter.
   *
   * @default 0.999
   */
  moving_average_fraction?: number;
  /**
   * Small value to add to the variance estimate so that we don't divide by
   * zero.
   *
   * @default 0.00001
   */
  eps?: number;
}

export interface BiasParameter {
  /**
   * The first axis of bottom[0] (the first input Blob) along which to apply
   * bottom[1] (the second input Blob).  May be negative to index from the end
   * (e.g., -1 for the last axis).
   *
   * For example, if bottom[0] is 4D with shape 100x3x40x60, the output
   * top[0] will have the same shape, and bottom[1] may have any of the
   * following shapes (for the given value of axis):
   *    (axis == 0 == -4) 100; 100x3; 100x3x40; 100x3x40x60
   *    (axis == 1 == -3)          3;     3x40;     3x40x60
   *    (axis == 2 == -2)                   40;       40x60
   *    (axis == 3 == -1)                                60
   * Furthermore, bottom[1] may have the empty shape (regardless of the value of
   * "axis") -- a scalar bias.
   *
   * @default 1
   */
  axis?: number;
  /**
   * (num_axes is ignored unless just one bottom is given and the bias is
   * a learned parameter of the layer.  Otherwise, num_axes is determined by the
   * number of axes by the second bottom.)
   * The number of axes of the input (bottom[0]) covered by the bias
   * parameter, or -1 to cover all axes of bottom[0] starting from `axis`.
   * Set num_axes := 0, to add a zero-axis Blob: a scalar.
   *
   * @default 1
   */
  num_axes?: number;
  /**
   * (filler is ignored unless just one bottom is given and the bias is
   * a learned parameter of the layer.)
   * The initialization for the learned bias parameter.
   * Default is the zero (0) initialization, resulting in the BiasLayer
   * initially performing the identity operation.
   */
  filler?: FillerParameter;
}

export interface ContrastiveLossParameter {
  /**
   * margin for dissimilar pair
   *
   * @default 1
   */
  margin?: number;
  /**
   * The first implementation of this cost did not exactly match the cost of
   * Hadsell et al 2006 -- using (margin - d^2) instead of (margin - d)^2.
   * legacy_version = false (the default) uses (margin - d)^2 as proposed in the
   * Hadsell paper. New models should probably use this version.
   * legacy_version = true uses (margin - d^2). This is kept to support /
   * reproduce existing models and results
   *
   * @default false
   */
  legacy_version?: boolean;
}

export interface ConvolutionParameter<Form extends MessageForm = 'parsed'> {
  /** The number of outputs for the layer */
  num_output?: number;
  /**
   * whether to have bias terms
   *
   * @default true
   */
  bias_term?: boolean;
  /**
   * Pad, kernel size, and stride are all given as a single value for equal
   * dimensions in all spatial dimensions, or once per spatial dimension.
   *
   * The padding size; defaults to 0
   */
  pad?: Repeated<number, Form>;
  /** The kernel size */
  kernel_size?: Repeated<number, Form>;
  /** The stride; defaults to 1 */
  stride?: Repeated<number, Form>;
  /**
   * Factor used to dilate the kernel, (implicitly) zero-filling the resulting
   * holes. (Kernel dilation is sometimes referred to by its use in the
   * algorithme à trous from Holschneider et al. 1987.)
   *
   * The dilation; defaults to 1
   */
  dilation?: Repeated<number, Form>;
  /**
   * For 2D convolution only, the *_h and *_w versions may also be used to
   * specify both spatial dimensions.
   *
   * The padding height (2D only)
   *
   * @default 0
   */
  pad_h?: number;
  /**
   * The padding width (2D only)
   *
   * @default 0
   */
  pad_w?: number;
  /** The kernel height (2D only) */
  kernel_h?: number;
  /** The kernel width (2D only) */
  kernel_w?: number;
  /** The stride height (2D only) */
  stride_h?: number;
  /** The stride width (2D only) */
  stride_w?: number;
  /**
   * The group size for group conv
   *
   * @default 1
   */
  group?: number;
  /** The filler for the weight */
  weight_filler?: FillerParameter;
  /** The filler for the bias */
  bias_filler?: FillerParameter;
  /** @default "DEFAULT" */
  engine?: 'DEFAULT' | 'CAFFE' | 'CUDNN';
  /**
   * The axis to interpret as "channels" when performing convolution.
   * Preceding dimensions are treated as independent inputs;
   * succeeding dimensions are treated as "spatial".
   * With (N, C, H, W) inputs, and axis == 1 (the default), we perform
   * N independent 2D convolutions, sliding C-channel (or (C/g)-channels, for
   * groups g>1) filters across the spatial axes (H, W) of the input.
   * With (N, C, D, H, W) inputs, and axis == 1, we perform
   * N independent 3D convolutions, sliding (C/g)-channels
   * filters across the spatial axes (D, H, W) of the input.
   *
   * @default 1
   */
  axis?: number;
  /**
   * Whether to force use of the general ND convolution, even if a specific
   * implementation for blobs of the appropriate number of spatial dimensions
   * is available. (Currently, there is only a 2D-specific convolution
   * implementation; for input blobs with num_axes != 2, this option is
   * ignored and the ND implementation will be used.)
   *
   * @default false
   */
  force_nd_im2col?: boolean;
}

export interface CropParameter<Form extends MessageForm = 'parsed'> {
  /**
   * To crop, elements of the first bottom are selected to fit the dimensions
   * of the second, reference bottom. The crop is configured by
   * - the crop `axis` to pick the dimensions for cropping
   * - the crop `offset` to set the shift for all/each dimension
   * to align the cropped bottom with the reference bottom.
   * All dimensions up to but excluding `axis` are preserved, while
   * the dimensions including and trailing `axis` are cropped.
   * If only one `offset` is set, then all dimensions are offset by this amount.
   * Otherwise, the number of offsets must equal the number of cropped axes to
   * shift the crop in each dimension accordingly.
   * Note: standard dimensions are N,C,H,W so the default is a spatial crop,
   * and `axis` may be negative to index from the end (e.g., -1 for the last
   * axis).
   *
   * @default 2
   */
  axis?: number;
  offset?: Repeated<number, Form>;
}

export interface DataParameter {
  /** Specify the data source. */
  source?: string;
  /** Specify the batch size. */
  batch_size?: number;
  /**
   * @deprecated The rand_skip variable is for the data layer to skip a few data points
   * to avoid all asynchronous sgd clients to start at the same point. The skip
   * point would be set as rand_skip * rand(0,1). Note that rand_skip should not
   * be larger than the number of keys in the database.
   * DEPRECATED. Each solver accesses a different subset of the database.
   *
   * @default 0
   */
  rand_skip?: number;
  /** @default "LEVELDB" */
  backend?: 'LEVELDB' | 'LMDB';
  /**
   * @deprecated See TransformationParameter. For data pre-processing, we can do
   * simple scaling and subtracting the data mean, if provided. Note that the
   * mean subtraction is always carried out before scaling.
   *
   * @default 1
   */
  scale?: number;
  mean_file?: string;
  /**
   * @deprecated See TransformationParameter. Specify if we would like to randomly
   * crop an image.
   *
   * @default 0
   */
  crop_size?: number;
  /**
   * @deprecated See TransformationParameter. Specify if we want to randomly mirror
   * data.
   *
   * @default false
   */
  mirror?: boolean;
  /**
   * Force the encoded image to have 3 color channels
   *
   * @default false
   */
  force_encoded_color?: boolean;
  /**
   * Prefetch queue (Increase if data feeding bandwidth varies, within the
   * limit of device memory for GPU training)
   *
   * @default 4
   */
  prefetch?: number;
}

export interface DropoutParameter {
  /**
   * dropout ratio
   *
   * @default 0.5
   */
  dropout_ratio?: number;
}

/**
 * DummyDataLayer fills any number of arbitrarily shaped blobs with random
 * (or constant) data generated by "Fillers" (see "message FillerParameter").
 */
export interface DummyDataParameter<Form extends MessageForm = 'parsed'> {
  /**
   * This layer produces N >= 1 top blobs.  DummyDataParameter must specify 1 or N
   * shape fields, and 0, 1 or N data_fillers.
   *
   * If 0 data_fillers are specified, ConstantFiller with a value of 0 is used.
   * If 1 data_filler is specified, it is applied to all top blobs.  If N are
   * specified, the ith is applied to the ith top blob.
   */
  data_filler?: Repeated<FillerParameter, Form>;
  /** Specifies the shape (dimensions) of a Blob. */
  shape?: Repeated<BlobShape<Form>, Form>;
  /** @deprecated 4D dimensions -- deprecated.  Use "shape" instead. */
  num?: Repeated<number, Form>;
  channels?: Repeated<number, Form>;
  height?: Repeated<number, Form>;
  width?: Repeated<number, Form>;
}

export interface EltwiseParameter<Form extends MessageForm = 'parsed'> {
  /**
   * element-wise operation
   *
   * @default "SUM"
   */
  operation?: 'PROD' | 'SUM' | 'MAX';
  /** blob-wise coefficient for SUM operation */
  coeff?: Repeated<number, Form>;
  /**
   * Whether to use an asymptotically slower (for >2 inputs) but stabler method
   * of computing the gradient for the PROD operation. (No effect for SUM op.)
   *
   * @default true
   */
  stable_prod_grad?: boolean;
}

/** Message that stores parameters used by ELULayer */
export interface ELUParameter {
  /**
   * Described in:
   * Clevert, D.-A., Unterthiner, T., & Hochreiter, S. (2015). Fast and Accurate
   * Deep Network Learning by Exponential Linear Units (ELUs). arXiv
   *
   * @default 1
   */
  alpha?: number;
}

/** Message that stores parameters used by EmbedLayer */
export interface EmbedParameter {
  /** The number of outputs for the layer */
  num_output?: number;
  /**
   * The input is given as integers to be interpreted as one-hot
   * vector indices with dimension num_input.  Hence num_input should be
   * 1 greater than the maximum possible input value.
   */
  input_dim?: number;
  /**
   * Whether to use a bias term
   *
   * @default true
   */
  bias_term?: boolean;
  /** The filler for the weight */
  weight_filler?: FillerParameter;
  /** The filler for the bias */
  bias_filler?: FillerParameter;
}

/** Message that stores parameters used by ExpLayer */
export interface ExpParameter {
  /**
   * ExpLayer computes outputs y = base ^ (shift + scale * x), for base > 0.
   * Or if base is set to the default (-1), base is set to e,
   * so y = exp(shift + scale * x).
   *
   * @default -1
   */
  base?: number;
  /** @default 1 */
  scale?: number;
  /** @default 0 */
  shift?: number;
}

/** / Message that stores parameters used by FlattenLayer */
export interface FlattenParameter {
  /**
   * The first axis to flatten: all preceding axes are retained in the output.
   * May be negative to index from the end (e.g., -1 for the last axis).
   *
   * @default 1
   */
  axis?: number;
  /**
   * The last axis to flatten: all following axes are retained in the output.
   * May be negative to index from the end (e.g., the default -1 for the last
   * axis).
   *
   * @default -1
   */
  end_axis?: number;
}

/** Message that stores parameters used by HDF5DataLayer */
export interface HDF5DataParameter {
  /** Specify the data source. */
  source?: string;
  /** Specify the batch size. */
  batch_size?: number;
  /**
   * Specify whether to shuffle the data.
   * If shuffle == true, the ordering of the HDF5 files is shuffled,
   * and the ordering of data within any given HDF5 file is shuffled,
   * but data between different files are not interleaved; all of a file's
   * data are output (in a random order) before moving onto another file.
   *
   * @default false
   */
  shuffle?: boolean;
}

export interface HDF5OutputParameter {
  file_name?: string;
}

export interface HingeLossParameter {
  /**
   * Specify the Norm to use L1 or L2
   *
   * @default "L1"
   */
  norm?: 'L1' | 'L2';
}

export interface ImageDataParameter {
  /** Specify the data source. */
  source?: string;
  /**
   * Specify the batch size.
   *
   * @default 1
   */
  batch_size?: number;
  /**
   * The rand_skip variable is for the data layer to skip a few data points
   * to avoid all asynchronous sgd clients to start at the same point. The skip
   * point would be set as rand_skip * rand(0,1). Note that rand_skip should not
   * be larger than the number of keys in the database.
   *
   * @default 0
   */
  rand_skip?: number;
  /**
   * Whether or not ImageLayer should shuffle the list of files at every epoch.
   *
   * @default false
   */
  shuffle?: boolean;
  /**
   * It will also resize images if new_height or new_width are not zero.
   *
   * @default 0
   */
  new_height?: number;
  /** @default 0 */
  new_width?: number;
  /**
   * Specify if the images are color or gray
   *
   * @default true
   */
  is_color?: boolean;
  /**
   * @deprecated See TransformationParameter. For data pre-processing, we can do
   * simple scaling and subtracting the data mean, if provided. Note that the
   * mean subtraction is always carried out before scaling.
   *
   * @default 1
   */
  scale?: number;
  mean_file?: string;
  /**
   * @deprecated See TransformationParameter. Specify if we would like to randomly
   * crop an image.
   *
   * @default 0
   */
  crop_size?: number;
  /**
   * @deprecated See TransformationParameter. Specify if we want to randomly mirror
   * data.
   *
   * @default false
   */
  mirror?: boolean;
  /** @default "" */
  root_folder?: string;
}

export interface InfogainLossParameter {
  /** Specify the infogain matrix source. */
  source?: string;
  /**
   * axis of prob
   *
   * @default 1
   */
  axis?: number;
}

export interface InnerProductParameter {
  /** The number of outputs for the layer */
  num_output?: number;
  /**
   * whether to have bias terms
   *
   * @default true
   */
  bias_term?: boolean;
  /** The filler for the weight */
  weight_filler?: FillerParameter;
  /** The filler for the bias */
  bias_filler?: FillerParameter;
  /**
   * The first axis to be lumped into a single inner product computation;
   * all preceding axes are retained in the output.
   * May be negative to index from the end (e.g., -1 for the last axis).
   *
   * @default 1
   */
  axis?: number;
  /**
   * Specify whether to transpose the weight matrix or not.
   * If transpose == true, any operations will be performed on the transpose
   * of the weight matrix. The weight matrix itself is not going to be transposed
   * but rather the transfer flag of operations will be toggled accordingly.
   *
   * @default false
   */
  transpose?: boolean;
}

export interface InputParameter<Form extends MessageForm = 'parsed'> {
  /**
   * This layer produces N >= 1 top blob(s) to be assigned manually.
   * Define N shapes to set a shape for each top.
   * Define 1 shape to set the same shape for every top.
   * Define no shape to defer to reshaping manually.
   */
  shape?: Repeated<BlobShape<Form>, Form>;
}

/** Message that stores parameters used by LogLayer */
export interface LogParameter {
  /**
   * LogLayer computes outputs y = log_base(shift + scale * x), for base > 0.
   * Or if base is set to the default (-1), base is set to e,
   * so y = ln(shift + scale * x) = log_e(shift + scale * x)
   *
   * @default -1
   */
  base?: number;
  /** @default 1 */
  scale?: number;
  /** @default 0 */
  shift?: number;
}

/** Message that stores parameters used by LRNLayer */
export interface LRNParameter {
  /** @default 5 */
  local_size?: number;
  /** @default 1 */
  alpha?: number;
  /** @default 0.75 */
  beta?: number;
  /** @default "ACROSS_CHANNELS" */
  norm_region?: 'ACROSS_CHANNELS' | 'WITHIN_CHANNEL';
  /** @default 1 */
  k?: number;
  /** @default "DEFAULT" */
  engine?: 'DEFAULT' | 'CAFFE' | 'CUDNN';
}

export interface MemoryDataParameter {
  batch_size?: number;
  channels?: number;
  height?: number;
  width?: number;
}

export interface MVNParameter {
  /**
   * This parameter can be set to false to normalize mean only
   *
   * @default true
   */
  normalize_variance?: boolean;
  /**
   * This parameter can be set to true to perform DNN-like MVN
   *
   * @default false
   */
  across_channels?: boolean;
  /**
   * Epsilon for not dividing by zero while normalizing variance
   *
   * @default 1e-9
   */
  eps?: number;
}

export interface ParameterParameter<Form extends MessageForm = 'parsed'> {
  /** Specifies the shape (dimensions) of a Blob. */
  shape?: BlobShape<Form>;
}

export interface PoolingParameter {
  /**
   * The pooling method
   *
   * @default "MAX"
   */
  pool?: 'MAX' | 'AVE' | 'STOCHASTIC';
  /**
   * Pad, kernel size, and stride are all given as a single value for equal
   * dimensions in height and width or as Y, X pairs.
   *
   * The padding size (equal in Y, X)
   *
   * @default 0
   */
  pad?: number;
  /**
   * The padding height
   *
   * @default 0
   */
  pad_h?: number;
  /**
   * The padding width
   *
   * @default 0
   */
  pad_w?: number;
  /** The kernel size (square) */
  kernel_size?: number;
  /** The kernel height */
  kernel_h?: number;
  /** The kernel width */
  kernel_w?: number;
  /**
   * The stride (equal in Y, X)
   *
   * @default 1
   */
  stride?: number;
  /** The stride height */
  stride_h?: number;
  /** The stride width */
  stride_w?: number;
  /** @default "DEFAULT" */
  engine?: 'DEFAULT' | 'CAFFE' | 'CUDNN';
  /**
   * If global_pooling then it will pool over the size of the bottom by doing
   * kernel_h = bottom->height and kernel_w = bottom->width
   *
   * @default false
   */
  global_pooling?: boolean;
  /**
   * How to calculate the output size - using ceil (default) or floor rounding.
   *
   * @default "CEIL"
   */
  round_mode?: 'CEIL' | 'FLOOR';
}

export interface PowerParameter {
  /**
   * PowerLayer computes outputs y = (shift + scale * x) ^ power.
   *
   * @default 1
   */
  power?: number;
  /** @default 1 */
  scale?: number;
  /** @default 0 */
  shift?: number;
}

export interface PythonParameter {
  module?: string;
  layer?: string;
  /**
   * This value is set to the attribute `param_str` of the `PythonLayer` object
   * in Python before calling the `setup()` method. This could be a number,
   * string, dictionary in Python dict format, JSON, etc. You may parse this
   * string in `setup` method and use it in `forward` and `backward`.
   *
   * @default ""
   */
  param_str?: string;
  /**
   * @deprecated
   *
   * @default false
   */
  share_in_parallel?: boolean;
}

/** Message that stores parameters used by RecurrentLayer */
export interface RecurrentParameter {
  /**
   * The dimension of the output (and usually hidden state) representation --
   * must be explicitly set to non-zero.
   *
   * @default 0
   */
  num_output?: number;
  /** The filler for the weight */
  weight_filler?: FillerParameter;
  /** The filler for the bias */
  bias_filler?: FillerParameter;
  /**
   * Whether to enable displaying debug_info in the unrolled recurrent net.
   *
   * @default false
   */
  debug_info?: boolean;
  /**
   * Whether to add as additional inputs (bottoms) the initial hidden state
   * blobs, and add as additional outputs (tops) the final timestep hidden state
   * blobs.  The number of additional bottom/top blobs required depends on the
   * recurrent architecture -- e.g., 1 for RNNs, 2 for LSTMs.
   *
   * @default false
   */
  expose_hidden?: boolean;
}

/** Message that stores parameters used by ReductionLayer */
export interface ReductionParameter {
  /**
   * reduction operation
   *
   * @default "SUM"
   */
  operation?: 'SUM' | 'ASUM' | 'SUMSQ' | 'MEAN';
  /**
   * The first axis to reduce to a scalar -- may be negative to index from the
   * end (e.g., -1 for the last axis).
   * (Currently, only reduction along ALL "tail" axes is supported; reduction
   * of axis M through N, where N < num_axes - 1, is unsupported.)
   * Suppose we have an n-axis bottom Blob with shape:
   *     (d0, d1, d2, ..., d(m-1), dm, d(m+1), ..., d(n-1)).
   * If axis == m, the output Blob will have shape
   *     (d0, d1, d2, ..., d(m-1)),
   * and the ReductionOp operation is performed (d0 * d1 * d2 * ... * d(m-1))
   * times, each including (dm * d(m+1) * ... * d(n-1)) individual data.
   * If axis == 0 (the default), the output Blob always has the empty shape
   * (count 1), performing reduction across the entire input --
   * often useful for creating new loss functions.
   *
   * @default 0
   */
  axis?: number;
  /**
   * coefficient for output
   *
   * @default 1
   */
  coeff?: number;
}

/** Message that stores parameters used by ReLULayer */
export interface ReLUParameter {
  /**
   * Allow non-zero slope for negative inputs to speed up optimization
   * Described in:
   * Maas, A. L., Hannun, A. Y., & Ng, A. Y. (2013). Rectifier nonlinearities
   * improve neural network acoustic models. In ICML Workshop on Deep Learning
   * for Audio, Speech, and Language Processing.
   *
   * @default 0
   */
  negative_slope?: number;
  /** @default "DEFAULT" */
  engine?: 'DEFAULT' | 'CAFFE' | 'CUDNN';
}

export interface ReshapeParameter<Form extends MessageForm = 'parsed'> {
  /**
   * Specify the output dimensions. If some of the dimensions are set to 0,
   * the corresponding dimension from the bottom layer is used (unchanged).
   * Exactly one dimension may be set to -1, in which case its value is
   * inferred from the count of the bottom blob and the remaining dimensions.
   * For example, suppose we want to reshape a 2D blob "input" with shape 2 x 8:
   *
   *   layer {
   *     type: "Reshape" bottom: "input" top: "output"
   *     reshape_param { ... }
   *   }
   *
   * If "input" is 2D with shape 2 x 8, then the following reshape_param
   * specifications are all equivalent, producing a 3D blob "output" with shape
   * 2 x 2 x 4:
   *
   *   reshape_param { shape { dim:  2  dim: 2  dim:  4 } }
   *   reshape_param { shape { dim:  0  dim: 2  dim:  4 } }
   *   reshape_param { shape { dim:  0  dim: 2  dim: -1 } }
   *   reshape_param { shape { dim:  0  dim:-1  dim:  4 } }
   */
  shape?: BlobShape<Form>;
  /**
   * axis and num_axes control the portion of the bottom blob's shape that are
   * replaced by (included in) the reshape. By default (axis == 0 and
   * num_axes == -1), the entire bottom blob shape is included in the reshape,
   * and hence the shape field must specify the entire output shape.
   *
   * axis may be non-zero to retain some portion of the beginning of the input
   * shape (and may be negative to index from the end; e.g., -1 to begin the
   * reshape after the last axis, including nothing in the reshape,
   * -2 to include only the last axis, etc.).
   *
   * For example, suppose "input" is a 2D blob with shape 2 x 8.
   * Then the following ReshapeLayer specifications are all equivalent,
   * producing a blob "output" with shape 2 x 2 x 4:
   *
   *   reshape_param { shape { dim: 2  dim: 2  dim: 4 } }
   *   reshape_param { shape { dim: 2  dim: 4 } axis:  1 }
   *   reshape_param { shape { dim: 2  dim: 4 } axis: -3 }
   *
   * num_axes specifies the extent of the reshape.
   * If num_axes >= 0 (and axis >= 0), the reshape will be performed only on
   * input axes in the range [axis, axis+num_axes].
   * num_axes may also be -1, the default, to include all remaining axes
   * (starting from axis).
   *
   * For example, suppose "input" is a 2D blob with shape 2 x 8.
   * Then the following ReshapeLayer specifications are equivalent,
   * producing a blob "output" with shape 1 x 2 x 8.
   *
   *   reshape_param { shape { dim:  1  dim: 2  dim:  8 } }
   *   reshape_param { shape { dim:  1  dim: 2  }  num_axes: 1 }
   *   reshape_param { shape { dim:  1  }  num_axes: 0 }
   *
   * On the other hand, these would produce output blob shape 2 x 1 x 8:
   *
   *   reshape_param { shape { dim: 2  dim: 1  dim: 8  }  }
   *   reshape_param { shape { dim: 1 }  axis: 1  num_axes: 0 }
   *
   * @default 0
   */
  axis?: number;
  /** @default -1 */
  num_axes?: number;
}

export interface ScaleParameter {
  /**
   * The first axis of bottom[0] (the first input Blob) along which to apply
   * bottom[1] (the second input Blob).  May be negative to index from the end
   * (e.g., -1 for the last axis).
   *
   * For example, if bottom[0] is 4D with shape 100x3x40x60, the output
   * top[0] will have the same shape, and bottom[1] may have any of the
   * following shapes (for the given value of axis):
   *    (axis == 0 == -4) 100; 100x3; 100x3x40; 100x3x40x60
   *    (axis == 1 == -3)          3;     3x40;     3x40x60
   *    (axis == 2 == -2)                   40;       40x60
   *    (axis == 3 == -1)                                60
   * Furthermore, bottom[1] may have the empty shape (regardless of the value of
   * "axis") -- a scalar multiplier.
   *
   * @default 1
   */
  axis?: number;
  /**
   * (num_axes is ignored unless just one bottom is given and the scale is
   * a learned parameter of the layer.  Otherwise, num_axes is determined by the
   * number of axes by the second bottom.)
   * The number of axes of the input (bottom[0]) covered by the scale
   * parameter, or -1 to cover all axes of bottom[0] starting from `axis`.
   * Set num_axes := 0, to multiply with a zero-axis Blob: a scalar.
   *
   * @default 1
   */
  num_axes?: number;
  /**
   * (filler is ignored unless just one bottom is given and the scale is
   * a learned parameter of the layer.)
   * The initialization for the learned scale parameter.
   * Default is the unit (1) initialization, resulting in the ScaleLayer
   * initially performing the identity operation.
   */
  filler?: FillerParameter;
  /**
   * Whether to also learn a bias (equivalent to a ScaleLayer+BiasLayer, but
   * may be more efficient).  Initialized with bias_filler (defaults to 0).
   *
   * @default false
   */
  bias_term?: boolean;
  bias_filler?: FillerParameter;
}

export interface SigmoidParameter {
  /** @default "DEFAULT" */
  engine?: 'DEFAULT' | 'CAFFE' | 'CUDNN';
}

export interface SliceParameter<Form extends MessageForm = 'parsed'> {
  /**
   * The axis along which to slice -- may be negative to index from the end
   * (e.g., -1 for the last axis).
   * By default, SliceLayer concatenates blobs along the "channels" axis (1).
   *
   * @default 1
   */
  axis?: number;
  slice_point?: Repeated<number, Form>;
  /**
   * @deprecated alias for "axis" -- does not support negative indexing.
   *
   * @default 1
   */
  slice_dim?: number;
}

/** Message that stores parameters used by SoftmaxLayer, SoftmaxWithLossLayer */
export interface SoftmaxParameter {
  /** @default "DEFAULT" */
  engine?: 'DEFAULT' | 'CAFFE' | 'CUDNN';
  /**
   * The axis along which to perform the softmax -- may be negative to index
   * from the end (e.g., -1 for the last axis).
   * Any other axes will be evaluated as independent softmaxes.
   *
   * @default 1
   */
  axis?: number;
}

/** Message that stores parameters used by SwishLayer */
export interface SwishParameter {
  /**
   * Beta parameter for the Swish activation function
   * Described in:
   * Prajit Ramachandran, Barret Zoph, Quoc V. Le. (2017). Searching for
   * Activation Functions. https://arxiv.org/abs/1710.05941v2
   *
   * @default 1
   */
  beta?: number;
}

export interface TanHParameter {
  /** @default "DEFAULT" */
  engine?: 'DEFAULT' | 'CAFFE' | 'CUDNN';
}

/** Message that stores parameters used by TileLayer */
export interface TileParameter {
  /**
   * The index of the axis to tile.
   *
   * @default 1
   */
  axis?: number;
  /** The number of copies (tiles) of the blob to output. */
  tiles?: number;
}

/** Message that stores parameters used by ThresholdLayer */
export interface ThresholdParameter {
  /**
   * Strictly positive values
   *
   * @default 0
   */
  threshold?: number;
}

export interface WindowDataParameter {
  /** Specify the data source. */
  source?: string;
  /**
   * For data pre-processing, we can do simple scaling and subtracting the
   * data mean, if provided. Note that the mean subtraction is always carried
   * out before scaling.
   *
   * @default 1
   */
  scale?: number;
  mean_file?: string;
  /** Specify the batch size. */
  batch_size?: number;
  /**
   * Specify if we would like to randomly crop an image.
   *
   * @default 0
   */
  crop_size?: number;
  /**
   * Specify if we want to randomly mirror data.
   *
   * @default false
   */
  mirror?: boolean;
  /**
   * Foreground (object) overlap threshold
   *
   * @default 0.5
   */
  fg_threshold?: number;
  /**
   * Background (non-object) overlap threshold
   *
   * @default 0.5
   */
  bg_threshold?: number;
  /**
   * Fraction of batch that should be foreground objects
   *
   * @default 0.25
   */
  fg_fraction?: number;
  /**
   * Amount of contextual padding to add around a window
   * (used only by the window_data_layer)
   *
   * @default 0
   */
  context_pad?: number;
  /**
   * Mode for cropping out a detection window
   * warp: cropped window is warped to a fixed size and aspect ratio
   * square: the tightest square around the window is cropped
   *
   * @default "warp"
   */
  crop_mode?: string;
  /**
   * cache_images: will load all images in memory for faster access
   *
   * @default false
   */
  cache_images?: boolean;
  /**
   * append root_folder to locate images
   *
   * @default ""
   */
  root_folder?: string;
}

export interface SPPParameter {
  pyramid_height?: number;
  /**
   * The pooling method
   *
   * @default "MAX"
   */
  pool?: 'MAX' | 'AVE' | 'STOCHASTIC';
  /** @default "DEFAULT" */
  engine?: 'DEFAULT' | 'CAFFE' | 'CUDNN';
}

/** @deprecated use LayerParameter. */
export interface V1LayerParameter<Form extends MessageForm = 'parsed'> {
  bottom?: Repeated<string, Form>;
  top?: Repeated<string, Form>;
  name?: string;
  include?: Repeated<NetStateRule<Form>, Form>;
  exclude?: Repeated<NetStateRule<Form>, Form>;
  type?:
    | 'NONE'
    | 'ABSVAL'
    | 'ACCURACY'
    | 'ARGMAX'
    | 'BNLL'
    | 'CONCAT'
    | 'CONTRASTIVE_LOSS'
    | 'CONVOLUTION'
    | 'DATA'
    | 'DECONVOLUTION'
    | 'DROPOUT'
    | 'DUMMY_DATA'
    | 'EUCLIDEAN_LOSS'
    | 'ELTWISE'
    | 'EXP'
    | 'FLATTEN'
    | 'HDF5_DATA'
    | 'HDF5_OUTPUT'
    | 'HINGE_LOSS'
    | 'IM2COL'
    | 'IMAGE_DATA'
    | 'INFOGAIN_LOSS'
    | 'INNER_PRODUCT'
    | 'LRN'
    | 'MEMORY_DATA'
    | 'MULTINOMIAL_LOGISTIC_LOSS'
    | 'MVN'
    | 'POOLING'
    | 'POWER'
    | 'RELU'
    | 'SIGMOID'
    | 'SIGMOID_CROSS_ENTROPY_LOSS'
    | 'SILENCE'
    | 'SOFTMAX'
    | 'SOFTMAX_LOSS'
    | 'SPLIT'
    | 'SLICE'
    | 'TANH'
    | 'WINDOW_DATA'
    | 'THRESHOLD';
  blobs?: Repeated<BlobProto<Form>, Form>;
  param?: Repeated<string, Form>;
  blob_share_mode?: Repeated<'STRICT' | 'PERMISSIVE', Form>;
  blobs_lr?: Repeated<number, Form>;
  weight_decay?: Repeated<number, Form>;
  loss_weight?: Repeated<number, Form>;
  accuracy_param?: AccuracyParameter;
  argmax_param?: ArgMaxParameter;
  concat_param?: ConcatParameter;
  contrastive_loss_param?: ContrastiveLossParameter;
  convolution_param?: ConvolutionParameter<Form>;
  data_param?: DataParameter;
  dropout_param?: DropoutParameter;
  /**
   * DummyDataLayer fills any number of arbitrarily shaped blobs with random
   * (or constant) data generated by "Fillers" (see "message FillerParameter").
   */
  dummy_data_param?: DummyDataParameter<Form>;
  eltwise_param?: EltwiseParameter<Form>;
  /** Message that stores parameters used by ExpLayer */
  exp_param?: ExpParameter;
  /** Message that stores parameters used by HDF5DataLayer */
  hdf5_data_param?: HDF5DataParameter;
  hdf5_output_param?: HDF5OutputParameter;
  hinge_loss_param?: HingeLossParameter;
  image_data_param?: ImageDataParameter;
  infogain_loss_param?: InfogainLossParameter;
  inner_product_param?: InnerProductParameter;
  /** Message that stores parameters used by LRNLayer */
  lrn_param?: LRNParameter;
  memory_data_param?: MemoryDataParameter;
  mvn_param?: MVNParameter;
  pooling_param?: PoolingParameter;
  power_param?: PowerParameter;
  /** Message that stores parameters used by ReLULayer */
  relu_param?: ReLUParameter;
  sigmoid_param?: SigmoidParameter;
  /** Message that stores parameters used by SoftmaxLayer, SoftmaxWithLossLayer */
  softmax_param?: SoftmaxParameter;
  slice_param?: SliceParameter<Form>;
  tanh_param?: TanHParameter;
  /** Message that stores parameters used by ThresholdLayer */
  threshold_param?: ThresholdParameter;
  window_data_param?: WindowDataParameter;
  /**
   * Message that stores parameters used to apply transformation
   * to the data layer's data
   */
  transform_param?: TransformationParameter<Form>;
  /** Message that stores parameters shared by loss layers */
  loss_param?: LossParameter;
  /**
   * @deprecated V0LayerParameter is the old way of specifying layer parameters
   * in Caffe.  We keep this message type around for legacy support.
   */
  layer?: V0LayerParameter<Form>;
}

/**
 * @deprecated V0LayerParameter is the old way of specifying layer parameters
 * in Caffe.  We keep this message type around for legacy support.
 */
export interface V0LayerParameter<Form extends MessageForm = 'parsed'> {
  /** the layer name */
  name?: string;
  /** the string to specify the layer type */
  type?: string;
  /**
   * Parameters to specify layers with inner products.
   *
   * The number of outputs for the layer
   */
  num_output?: number;
  /**
   * whether to have bias terms
   *
   * @default true
   */
  biasterm?: boolean;
  /** The filler for the weight */
  weight_filler?: FillerParameter;
  /** The filler for the bias */
  bias_filler?: FillerParameter;
  /**
   * The padding size
   *
   * @default 0
   */
  pad?: number;
  /** The kernel size */
  kernelsize?: number;
  /**
   * The group size for group conv
   *
   * @default 1
   */
  group?: number;
  /**
   * The stride
   *
   * @default 1
   */
  stride?: number;
  /**
   * The pooling method
   *
   * @default "MAX"
   */
  pool?: 'MAX' | 'AVE' | 'STOCHASTIC';
  /**
   * dropout ratio
   *
   * @default 0.5
   */
  dropout_ratio?: number;
  /**
   * for local response norm
   *
   * @default 5
   */
  local_size?: number;
  /**
   * for local response norm
   *
   * @default 1
   */
  alpha?: number;
  /**
   * for local response norm
   *
   * @default 0.75
   */
  beta?: number;
  /** @default 1 */
  k?: number;
  /** For data layers, specify the data source */
  source?: string;
  /**
   * For data pre-processing, we can do simple scaling and subtracting the
   * data mean, if provided. Note that the mean subtraction is always carried
   * out before scaling.
   *
   * @default 1
   */
  scale?: number;
  meanfile?: string;
  /** For data layers, specify the batch size. */
  batchsize?: number;
  /**
   * For data layers, specify if we would like to randomly crop an image.
   *
   * @default 0
   */
  cropsize?: number;
  /**
   * For data layers, specify if we want to randomly mirror data.
   *
   * @default false
   */
  mirror?: boolean;
  /** The blobs containing the numeric parameters of the layer */
  blobs?: Repeated<BlobProto<Form>, Form>;
  /**
   * The ratio that is multiplied on the global learning rate. If you want to
   * set the learning ratio for one blob, you need to set it for all blobs.
   */
  blobs_lr?: Repeated<number, Form>;
  /** The weight decay that is multiplied on the global weight decay. */
  weight_decay?: Repeated<number, Form>;
  /**
   * The rand_skip variable is for the data layer to skip a few data points
   * to avoid all asynchronous sgd clients to start at the same point. The skip
   * point would be set as rand_skip * rand(0,1). Note that rand_skip should not
   * be larger than the number of keys in the database.
   *
   * @default 0
   */
  rand_skip?: number;
  /**
   * Fields related to detection (det_*)
   * foreground (object) overlap threshold
   *
   * @default 0.5
   */
  det_fg_threshold?: number;
  /**
   * background (non-object) overlap threshold
   *
   * @default 0.5
   */
  det_bg_threshold?: number;
  /**
   * Fraction of batch that should be foreground objects
   *
   * @default 0.25
   */
  det_fg_fraction?: number;
  /**
   * Amount of contextual padding to add around a window
   * (used only by the window_data_layer)
   *
   * @default 0
   */
  det_context_pad?: number;
  /**
   * Mode for cropping out a detection window
   * warp: cropped window is warped to a fixed size and aspect ratio
   * square: the tightest square around the window is cropped
   *
   * @default "warp"
   */
  det_crop_mode?: string;
  /**
   * For ReshapeLayer, one needs to specify the new dimensions.
   *
   * @default 0
   */
  new_num?: number;
  /** @default 0 */
  new_channels?: number;
  /** @default 0 */
  new_height?: number;
  /** @default 0 */
  new_width?: number;
  /**
   * Whether or not ImageLayer should shuffle the list of files at every epoch.
   * It will also resize images if new_height or new_width are not zero.
   *
   * @default false
   */
  shuffle_images?: boolean;
  /**
   * For ConcatLayer, one needs to specify the dimension for concatenation, and
   * the other dimensions must be the same for all the bottom blobs.
   * By default it will concatenate blobs along the channels dimension.
   *
   * @default 1
   */
  concat_dim?: number;
  hdf5_output_param?: HDF5OutputParameter;
}

/**
 * Parametric ReLU described in K. He et al, Delving Deep into Rectifiers:
 * Surpassing Human-Level Performance on ImageNet Classification, 2015.
 */
export interface PReLUParameter {
  /** Initial value of a_i. Default is a_i=0.25 for all i. */
  filler?: FillerParameter;
  /**
   * Whether or not slope parameters are shared across channels.
   *
   * @default false
   */
  channel_shared?: boolean;
}

/** The messages by their names. */
export interface CaffeMessages<Form extends MessageForm = 'parsed'> {
  BlobShape: BlobShape<Form>;
  BlobProto: BlobProto<Form>;
  FillerParameter: FillerParameter;
  NetParameter: NetParameter<Form>;
  SolverParameter: SolverParameter<Form>;
  NetState: NetState<Form>;
  NetStateRule: NetStateRule<Form>;
  ParamSpec: ParamSpec;
  LayerParameter: LayerParameter<Form>;
  TransformationParameter: TransformationParameter<Form>;
  LossParameter: LossParameter;
  AccuracyParameter: AccuracyParameter;
  ArgMaxParameter: ArgMaxParameter;
  ClipParameter: ClipParameter;
  ConcatParameter: ConcatParameter;
  BatchNormParameter: BatchNormParameter;
  BiasParameter: BiasParameter;
  ContrastiveLossParameter: ContrastiveLossParameter;
  ConvolutionParameter: ConvolutionParameter<Form>;
  CropParameter: CropParameter<Form>;
  DataParameter: DataParameter;
  DropoutParameter: DropoutParameter;
  DummyDataParameter: DummyDataParameter<Form>;
  EltwiseParameter: EltwiseParameter<Form>;
  ELUParameter: ELUParameter;
  EmbedParameter: EmbedParameter;
  ExpParameter: ExpParameter;
  FlattenParameter: FlattenParameter;
  HDF5DataParameter: HDF5DataParameter;
  HDF5OutputParameter: HDF5OutputParameter;
  HingeLossParameter: HingeLossParameter;
  ImageDataParameter: ImageDataParameter;
  InfogainLossParameter: InfogainLossParameter;
  InnerProductParameter: InnerProductParameter;
  InputParameter: InputParameter<Form>;
  LogParameter: LogParameter;
  LRNParameter: LRNParameter;
  MemoryDataParameter: MemoryDataParameter;
  MVNParameter: MVNParameter;
  ParameterParameter: ParameterParameter<Form>;
  PoolingParameter: PoolingParameter;
  PowerParameter: PowerParameter;
  PythonParameter: PythonParameter;
  RecurrentParameter: RecurrentParameter;
  ReductionParameter: ReductionParameter;
  ReLUParameter: ReLUParameter;
  ReshapeParameter: ReshapeParameter<Form>;
  ScaleParameter: ScaleParameter;
  SigmoidParameter: SigmoidParameter;
  SliceParameter: SliceParameter<Form>;
  SoftmaxParameter: SoftmaxParameter;
  SwishParameter: SwishParameter;
  TanHParameter: TanHParameter;
  TileParameter: TileParameter;
  ThresholdParameter: ThresholdParameter;
  WindowDataParameter: WindowDataParameter;
  SPPParameter: SPPParameter;
  V1LayerParameter: V1LayerParameter<Form>;
  V0LayerParameter: V0LayerParameter<Form>;
  PReLUParameter: PReLUParameter;
}

/** What each type of layer reads its settings from. */
export interface LayerMessages {
  AbsVal: object;
  Accuracy: AccuracyParameter;
  ArgMax: ArgMaxParameter;
  BNLL: object;
  BatchNorm: BatchNormParameter;
  BatchReindex: object;
  Bias: BiasParameter;
  Clip: ClipParameter;
  Concat: ConcatParameter;
  ContrastiveLoss: ContrastiveLossParameter;
  Convolution: ConvolutionParameter<'given'>;
  Crop: CropParameter<'given'>;
  Data: DataParameter;
  Deconvolution: ConvolutionParameter<'given'>;
  Dropout: DropoutParameter;
  DummyData: DummyDataParameter<'given'>;
  ELU: ELUParameter;
  Eltwise: EltwiseParameter<'given'>;
  Embed: EmbedParameter;
  EuclideanLoss: object;
  Exp: ExpParameter;
  Filter: object;
  Flatten: FlattenParameter;
  HDF5Data: HDF5DataParameter;
  HDF5Output: HDF5OutputParameter;
  HingeLoss: HingeLossParameter;
  Im2col: ConvolutionParameter<'given'>;
  ImageData: ImageDataParameter;
  InfogainLoss: InfogainLossParameter;
  InnerProduct: InnerProductParameter;
  Input: InputParameter<'given'>;
  JavaScript: PythonParameter;
  LRN: LRNParameter;
  LSTM: RecurrentParameter;
  LSTMUnit: object;
  Log: LogParameter;
  MVN: MVNParameter;
  MemoryData: MemoryDataParameter;
  MultinomialLogisticLoss: object;
  PReLU: PReLUParameter;
  Parameter: ParameterParameter<'given'>;
  Pooling: PoolingParameter;
  Power: PowerParameter;
  Python: PythonParameter;
  RNN: RecurrentParameter;
  ReLU: ReLUParameter;
  Reduction: ReductionParameter;
  Reshape: ReshapeParameter<'given'>;
  SPP: SPPParameter;
  Scale: ScaleParameter;
  Sigmoid: SigmoidParameter;
  SigmoidCrossEntropyLoss: object;
  Silence: object;
  Slice: SliceParameter<'given'>;
  Softmax: SoftmaxParameter;
  SoftmaxWithLoss: object;
  Split: object;
  Swish: SwishParameter;
  TanH: TanHParameter;
  Threshold: ThresholdParameter;
  Tile: TileParameter;
  WindowData: WindowDataParameter;
}
