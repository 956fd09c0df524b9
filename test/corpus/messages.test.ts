import { corpus } from './support/corpus';

corpus('messages');
